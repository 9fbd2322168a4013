/* links: auth rbac credential crypto jansson */
/* fuzz_login.c - HELLO and AUTHENTICATE of all kinds against a small realm: nobody comes in who
 * cannot prove it. The secrets are known to no input, so that only who is believed without one may:
 * somebody anonymous, and `believed`, whose realm trusts his address. */
#include "auth/auth.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "credential/credential.h"
#include "net/peer_info.h"
#include "payload/emit.h"
#include "rbac/rbac_builder.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIELD_MAX = 1100, METHODS_MAX = 8, ROLES_MAX = 4, ANSWERS_MAX = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an input is spent on. */
struct input {
    const uint8_t *data;
    size_t size;
};

static uint8_t take_byte(struct input *input)
{
    if (input->size == 0) {
        return 0;
    }
    input->size--;
    return *input->data++;
}

static struct rbac *rbac;

static void apply(struct rbac_builder *builder,
                  const char *kind,
                  const char *realm,
                  const char *key,
                  const char *value)
{
    if (!rbac_builder_apply(builder, &(struct store_record){.kind = str_of(kind),
                                                            .realm = str_of(realm),
                                                            .key = str_of(key),
                                                            .value = str_of(value),
                                                            .version = 1})) {
        abort();
    }
}

static void apply_user(struct rbac_builder *builder, const char *name, const char *opts)
{
    struct credential_options options;
    json_t *json = json_loads(opts, 0, NULL);
    char password[32];
    random_bytes(password, sizeof(password));
    if (!credential_options_read(json, &options, NULL)) {
        abort();
    }
    for (size_t i = 0; i < sizeof(password); i++) {
        password[i] = (char)('a' + (password[i] & 15));
    }
    char *record = credential_make(str_make(password, sizeof(password)), &options, NULL);
    json_t *value = json_pack("{s:s, s:s, s:[s], s:[s, s]}", "username", name, "credential", record,
                              "groups", "staff", "authorized_keys",
                              "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                              "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    char *text = json_dumps(value, JSON_COMPACT);
    apply(builder, "user", "com.users", name, text);
    free(text);
    json_decref(value);
    json_decref(json);
    mem_free(record);
}

static void make_realm(void)
{
    static const char *const methods[] = {"password", "wampcra", "wamp-scram", "cryptosign", "tls"};
    struct rbac_builder *builder = rbac_builder_new();
    apply(builder, "realm", "", "com.users",
          "{\"uri\":\"com.users\",\"authmethods\":[\"anonymous\",\"password\",\"wampcra\","
          "\"wamp-scram\",\"cryptosign\",\"tls\",\"trust\"],"
          "\"password_opts\":{\"params\":{\"iterations\":4096}}}");
    apply(builder, "group", "com.users", "staff", "{\"name\":\"staff\"}");
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        char key[64];
        char value[128];
        (void)snprintf(key, sizeof(key), "%s all", methods[i]);
        (void)snprintf(value, sizeof(value),
                       "{\"username\":\"all\",\"authmethod\":\"%s\",\"cidr\":\"0.0.0.0/0\"}",
                       methods[i]);
        apply(builder, "source", "com.users", key, value);
    }
    apply(builder, "source", "com.users", "anonymous",
          "{\"username\":\"anonymous\",\"authmethod\":\"anonymous\",\"cidr\":\"0.0.0.0/0\"}");
    apply(builder, "source", "com.users", "trust",
          "{\"username\":\"believed\",\"authmethod\":\"trust\",\"cidr\":\"0.0.0.0/0\"}");
    apply_user(builder, "joe", "{\"params\":{\"iterations\":4096}}");
    apply_user(builder, "ann", "{\"protocol\":\"scram\",\"params\":{\"iterations\":4096}}");
    apply(builder, "user", "com.users", "believed",
          "{\"username\":\"believed\",\"groups\":[\"staff\"],\"aliases\":[\"trusted\"]}");
    apply(builder, "user", "com.users", "off", "{\"username\":\"off\",\"enabled\":false}");
    rbac = rbac_builder_build(builder, 1);
    rbac_builder_free(builder);
}

/* A word that means something, or what the input says. */
static struct str take_field(struct input *input, char room[FIELD_MAX])
{
    static const char *const words[] = {
        "",
        "joe",
        "ann",
        "JOE",
        "believed",
        "Trusted",
        "off",
        "anonymous",
        "nobody",
        "staff",
        "default",
        "password",
        "wampcra",
        "wamp-scram",
        "cryptosign",
        "tls",
        "trust",
        "ticket",
        "oauth2",
        "tls-exporter",
        "abcdefgh",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "3D4017C3E843895A92B70AA74D1B7EBC9C982CCF2EC4968CC0CD55F12AF4660C",
        "J\xc3\xb6rg",
    };
    uint8_t which = take_byte(input);
    if (which < COUNT_OF(words)) {
        return str_of(words[which]);
    }
    size_t len = which;
    if (which == 255) {
        len = FIELD_MAX;
    }
    len = len < input->size ? len : input->size;
    for (size_t i = 0; i < len; i++) {
        room[i] = (char)take_byte(input);
    }
    return str_make(room, len);
}

static void check_admitted(struct login *login, const struct auth_hello *hello)
{
    struct auth_identity *identity = login_take_identity(login);
    if (identity != NULL && !(str_eq(identity->authid, STR("believed")) &&
                              str_eq(identity->authmethod, STR("trust")))) {
        abort();
    }
    struct auth_identity *kept = identity;
    if (identity != NULL && !auth_review(rbac, NULL, hello->realm, hello->info, &kept)) {
        abort();
    }
    auth_identity_free(kept);
}

static void check_refused(const struct login *login)
{
    const struct auth_verdict *verdict = login_verdict(login);
    if (verdict->reason.len == 0 || verdict->text.len == 0) {
        abort();
    }
}

static void on_done(struct login *login, enum auth_step step, void *ctx)
{
    (void)login;
    (void)step;
    (void)ctx;
    abort(); /* there is no pool to come back from */
}

/* Once more than a client may: the state after an answer must hold. */
static void answer(struct login *login, const struct auth_hello *hello, struct input *input)
{
    static char rooms[4][FIELD_MAX];
    enum auth_step step = AUTH_CHALLENGED;
    for (unsigned i = 0; i < ANSWERS_MAX && input->size > 0; i++) {
        const struct auth_response response = {.signature = take_field(input, rooms[0]),
                                               .nonce = take_field(input, rooms[1]),
                                               .channel_binding = take_field(input, rooms[2]),
                                               .cbind_data = take_field(input, rooms[3])};
        step = login_answer(login, &response);
        if (step == AUTH_ADMITTED) {
            check_admitted(login, hello);
            return;
        }
        if (step != AUTH_REFUSED) {
            abort();
        }
        check_refused(login);
    }
}

static void one_login(struct auth *auth, struct input *input)
{
    static char rooms[5][FIELD_MAX];
    static char method_rooms[METHODS_MAX][FIELD_MAX];
    static char role_rooms[ROLES_MAX][FIELD_MAX];
    struct str methods[METHODS_MAX];
    struct str roles[ROLES_MAX];
    struct peer_info info = {0};
    struct buf details;
    struct emit extra;
    uint8_t shape = take_byte(input);
    struct auth_hello hello = {.rbac = rbac,
                               .realm = rbac_realm_find(rbac, STR("com.users")),
                               .info = &info,
                               .session = 1,
                               .offered = (shape & 1) == 0,
                               .methods = methods,
                               .roles = roles};
    info.address.s6_addr[10] = info.address.s6_addr[11] = 0xff;
    info.address.s6_addr[12] = 192;
    info.address.s6_addr[15] = shape;
    hello.method_count = (size_t)(shape >> 1) % (METHODS_MAX + 1);
    hello.role_count = (size_t)(shape >> 5) % (ROLES_MAX + 1);
    hello.authid = take_field(input, rooms[0]);
    hello.pubkey = take_field(input, rooms[1]);
    hello.nonce = take_field(input, rooms[2]);
    hello.channel_binding = take_field(input, rooms[3]);
    for (size_t i = 0; i < hello.method_count; i++) {
        methods[i] = take_field(input, method_rooms[i]);
    }
    for (size_t i = 0; i < hello.role_count; i++) {
        roles[i] = take_field(input, role_rooms[i]);
    }
    struct login *login = login_new(auth, on_done, NULL);
    buf_init(&details, 1 << 20);
    emit_init(&extra, SERIALIZER_JSON, &details);
    switch (login_begin(login, &hello, &extra)) {
    case AUTH_ADMITTED:
        check_admitted(login, &hello);
        break;
    case AUTH_CHALLENGED: {
        json_t *json = json_loadb(details.ptr, details.len, 0, NULL);
        if (json == NULL && hello.authid.len == 0) {
            abort();
        }
        json_decref(json);
        answer(login, &hello, input);
        break;
    }
    case AUTH_REFUSED:
        check_refused(login);
        break;
    case AUTH_LATER:
        abort();
    }
    buf_done(&details);
    login_free(login);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (rbac == NULL) {
        log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
        make_realm();
    }
    struct input input = {data, size};
    /* A new one each time, so that what was throttled before is not what is looked at now. */
    struct auth *auth = auth_new(&(struct auth_options){.secret = STR("0123456789abcdef"
                                                                      "0123456789abcdef")});
    for (unsigned logins = 0; logins < 8 && input.size > 0; logins++) {
        one_login(auth, &input);
    }
    auth_free(auth);
    return 0;
}
