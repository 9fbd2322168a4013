/* scope.c - what a scope gives: groups of the user by their names, "all" of them, and the names
 * that OpenID Connect has. RFC 6749, 3.3. */
#include "base/buf.h"
#include "base/mem.h"
#include "flow/flow_inside.h"

enum { SCOPE_MAX = 64 * 1024, SCOPE_SENT_MAX = 4 * 1024 };

static const struct str openid_names[] = {STR_INIT("openid"), STR_INIT("profile"),
                                          STR_INIT("email"), STR_INIT("offline_access")};

static bool legal(struct str scope)
{
    for (size_t i = 0; i < scope.len; i++) {
        unsigned char c = (unsigned char)scope.ptr[i];
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
            return false;
        }
    }
    return true;
}

bool flow_has_word(struct str text, struct str word)
{
    struct str each;
    while (text.len > 0) {
        (void)str_cut(text, ' ', &each, &text);
        if (str_eq(each, word)) {
            return true;
        }
    }
    return false;
}

static bool names_all(struct str word)
{
    return str_eq(word, STR("all")) || str_eq(word, STR("default"));
}

/* One request for a scope, as it is worked off. */
struct reading {
    struct flow_call *call;
    const struct flow_client *client;
    struct rbac_roles all; /* of the user */
    const struct str *ceiling;
    struct flow_scope *out;
    struct buf text;
};

static bool within_ceiling(const struct reading *reading, struct str word)
{
    return reading->ceiling == NULL || flow_has_word(*reading->ceiling, word);
}

/* What the client, and what was granted before, let through. */
static bool let_through(const struct reading *reading, struct str word)
{
    const struct flow_client *client = reading->client;
    bool bounded = json_is_array(json_object_get(client->record, "scopes"));
    return (!bounded || flow_client_lists(client, "scopes", word)) && within_ceiling(reading, word);
}

static void add_word(struct reading *reading, struct str word)
{
    if (!flow_has_word(buf_str(&reading->text), word)) {
        (void)(reading->text.len > 0 && buf_byte(&reading->text, ' '));
        (void)buf_append(&reading->text, word);
    }
}

/* A name with a blank cannot be said in a scope, nor be given by one. */
static void add_role(struct reading *reading, struct str role)
{
    if (!legal(role) || str_find(role, ' ') >= 0) {
        return;
    }
    struct rbac_roles *roles = &reading->out->roles;
    for (size_t i = 0; i < roles->count; i++) {
        if (str_eq(roles->names[i], role)) {
            return;
        }
    }
    roles->names[roles->count++] = role;
    add_word(reading, role);
}

static void add_all(struct reading *reading)
{
    reading->out->whole = reading->ceiling == NULL &&
                          !json_is_array(json_object_get(reading->client->record, "scopes"));
    for (size_t i = 0; i < reading->all.count; i++) {
        if (let_through(reading, reading->all.names[i])) {
            add_role(reading, reading->all.names[i]);
        }
    }
}

static bool add_named(struct reading *reading, struct str word)
{
    for (size_t i = 0; i < COUNT_OF(openid_names); i++) {
        if (str_eq(word, openid_names[i])) {
            if (!within_ceiling(reading, word)) {
                return false;
            }
            reading->out->openid = reading->out->openid || i == 0;
            reading->out->offline = reading->out->offline || i == 3;
            add_word(reading, word);
            return true;
        }
    }
    for (size_t i = 0; i < reading->all.count; i++) {
        if (str_eq(word, reading->all.names[i])) {
            if (!let_through(reading, word)) {
                return false;
            }
            add_role(reading, reading->all.names[i]);
            return true;
        }
    }
    return false;
}

/* Everything that was granted before and is still the user's. */
static void add_ceiling(struct reading *reading)
{
    struct str rest = *reading->ceiling;
    struct str word;
    while (rest.len > 0) {
        (void)str_cut(rest, ' ', &word, &rest);
        (void)add_named(reading, word);
    }
}

static bool read_all(struct reading *reading, struct str wanted)
{
    struct str word;
    if (wanted.len == 0 && reading->ceiling != NULL) {
        add_ceiling(reading);
        return true;
    }
    if (wanted.len == 0) {
        add_all(reading);
        return true;
    }
    while (wanted.len > 0) {
        (void)str_cut(wanted, ' ', &word, &wanted);
        if (names_all(word)) {
            add_all(reading);
        } else if (word.len > 0 && !add_named(reading, word)) {
            return false;
        }
    }
    return true;
}

bool flow_scope_may_be(struct str text)
{
    return text.len <= SCOPE_SENT_MAX && legal(text);
}

bool flow_scope_read(struct flow_call *call,
                     const struct flow_client *client,
                     const struct rbac_user *user,
                     struct str wanted,
                     const struct str *ceiling,
                     struct flow_scope *out)
{
    struct reading reading = {
        .call = call,
        .client = client,
        .all = rbac_roles_of(call->realm, user, call->arena),
        .ceiling = ceiling,
        .out = out,
    };
    *out = (struct flow_scope){0};
    out->roles.names = ARENA_ARRAY(call->arena, struct str, reading.all.count + 1);
    buf_init(&reading.text, SCOPE_MAX);
    bool good = wanted.len <= SCOPE_MAX && legal(wanted) && read_all(&reading, wanted) &&
                !reading.text.full;
    out->text = arena_str(call->arena, buf_str(&reading.text));
    buf_done(&reading.text);
    return good;
}
