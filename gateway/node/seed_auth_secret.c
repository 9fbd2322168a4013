/* seed_auth_secret.c - what challenges for accounts that do not exist are made of: made at first
 * start and kept, so that such a name looks the same on every node and after every restart. */
#include "base/encode.h"
#include "base/mem.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "node/node_inside.h"

#include <jansson.h>
#include <string.h>

enum { ARENA_MAX = 1 << 20 };

static void finish_nothing(struct store_request *request)
{
    (void)request; /* store_run: the caller looks at the outcome himself */
}

static bool decode(struct str hex, char out[NODE_AUTH_SECRET_SIZE])
{
    struct buf bytes;
    buf_init(&bytes, NODE_AUTH_SECRET_SIZE);
    bool whole = hex_decode(hex, &bytes) && bytes.len == NODE_AUTH_SECRET_SIZE;
    if (whole) {
        memcpy(out, bytes.ptr, bytes.len);
        crypto_wipe(bytes.ptr, bytes.len);
    }
    buf_done(&bytes);
    return whole;
}

static bool stored(struct node *node, bool *out_found, struct err *err)
{
    struct store_request get = {.op = STORE_GET,
                                .finish = finish_nothing,
                                .kind = STR("setting"),
                                .key = STR("auth_secret")};
    arena_init(&get.arena, ARENA_MAX);
    store_run(node->store, &get);
    *out_found = false;
    if (get.ok && get.record_count == 1 && !get.records[0].deleted) {
        json_t *record = json_loadb(get.records[0].value.ptr, get.records[0].value.len, 0, NULL);
        const char *hex = json_string_value(json_object_get(record, "hex"));
        *out_found = decode(str_of(hex), node->auth_secret);
        json_decref(record);
    }
    bool ok = get.ok || get.err.code == ERR_NOT_FOUND;
    if (!ok) {
        *err = get.err;
    }
    arena_done(&get.arena);
    return ok;
}

static bool keep(struct node *node, struct err *err)
{
    struct store_request put = {.op = STORE_COMMIT, .finish = finish_nothing};
    struct buf hex;
    arena_init(&put.arena, ARENA_MAX);
    buf_init(&hex, (size_t)2 * NODE_AUTH_SECRET_SIZE);
    (void)hex_encode(str_make(node->auth_secret, NODE_AUTH_SECRET_SIZE), &hex);
    struct store_write write = {
        .kind = STR("setting"),
        .key = STR("auth_secret"),
        .value = arena_printf(&put.arena, "{\"hex\":\"" PRISTR "\"}", STRARG(buf_str(&hex))),
        .expect = STORE_ANY_VERSION,
    };
    put.writes = &write;
    put.write_count = 1;
    put.author = STR("postern");
    store_run(node->store, &put);
    if (!put.ok) {
        *err = put.err;
    }
    buf_done(&hex);
    arena_done(&put.arena);
    return put.ok;
}

bool seed_auth_secret(struct node *node, struct err *err)
{
    bool found = false;
    if (!stored(node, &found, err)) {
        return false;
    }
    if (!found) {
        random_bytes(node->auth_secret, sizeof(node->auth_secret));
        return keep(node, err);
    }
    return true;
}
