/* api_key_line.c - a stored API key as the snapshot has it. */
#include "base/encode.h"
#include "base/mem.h"
#include "rbac/record_inside.h"

enum { SHA256_HEX_SIZE = 64 };

static void entry_free(struct hamt_entry *entry)
{
    mem_free(CONTAINER_OF(entry, struct api_key_entry, entry));
}

static bool is_digest(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (hex_digit(text.ptr[i]) < 0) {
            return false;
        }
    }
    return text.len == SHA256_HEX_SIZE;
}

static struct str put(char **at, struct str text)
{
    struct str copy = str_make(*at, text.len);
    for (size_t i = 0; i < text.len; i++) {
        *(*at)++ = text.ptr[i];
    }
    return copy;
}

/* What cannot be read as a time is over: a key without an end must say so. */
static bool read_expiry(const json_t *value, uint64_t *out_ms)
{
    const json_t *at = json_object_get(value, "expires_at");
    *out_ms = 0;
    if (at == NULL || json_is_null(at)) {
        return true;
    }
    if (!json_is_integer(at) || json_integer_value(at) <= 0 ||
        json_integer_value(at) > INT64_MAX / 1000) {
        return false;
    }
    *out_ms = (uint64_t)json_integer_value(at) * 1000;
    return true;
}

struct api_key_entry *api_key_entry_read(const json_t *value, struct err *err)
{
    struct str id;
    struct str username;
    struct str sha256;
    uint64_t expires_ms = 0;
    if (!record_member(value, "id", &id) || !record_member(value, "username", &username) ||
        !record_member(value, "sha256", &sha256) || !record_username_valid(username) ||
        !is_digest(sha256) || !read_expiry(value, &expires_ms)) {
        (void)err_set(err, ERR_INVALID, "no API key");
        return NULL;
    }
    struct api_key_entry *entry =
        mem_calloc(1, sizeof(*entry) + id.len + username.len + sha256.len);
    char *at = (char *)(entry + 1);
    entry->key = (struct rbac_api_key){.id = put(&at, id),
                                       .username = put(&at, username),
                                       .sha256 = put(&at, sha256),
                                       .expires_ms = expires_ms};
    hamt_entry_init(&entry->entry, entry->key.id, entry_free);
    return entry;
}
