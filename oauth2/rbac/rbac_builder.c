/* rbac_builder.c - keeps what the records say in a short form; builds the realms that changed. */
#include "rbac/rbac_builder.h"

#include "base/log.h"
#include "base/mem.h"
#include "rbac/record_inside.h"

/* One grant or source, with its strings behind it. */
struct held {
    bool is_grant;
    struct grant_line grant;
    struct source_line source;
    char text[]; /* key, then the strings of the line */
};

struct realm_state {
    struct str uri;
    json_t *object;    /* NULL: no such realm (its grants may come before it) */
    struct map grants; /* key -> struct held */
    struct map sources;
    struct rbac_realm *built; /* NULL: to be built anew */
};

struct rbac_builder {
    bool allow_anonymous_admin;
    struct map realms; /* URI -> struct realm_state */
};

static bool is_master(struct str uri)
{
    return str_eq(uri, MASTER_REALM);
}

static struct realm_state *state_for(struct rbac_builder *builder, struct str uri)
{
    struct realm_state *state = map_get(&builder->realms, uri);
    if (state == NULL) {
        state = NEW(struct realm_state);
        state->uri = str_make(str_dup(uri), uri.len);
        map_init(&state->grants);
        map_init(&state->sources);
        (void)map_put(&builder->realms, state->uri, state);
    }
    return state;
}

struct rbac_builder *rbac_builder_new(void)
{
    struct rbac_builder *builder = NEW(struct rbac_builder);
    map_init(&builder->realms);
    state_for(builder, MASTER_REALM)->object = json_object();
    return builder;
}

static void free_all(struct map *map)
{
    size_t cursor = 0;
    for (const struct map_slot *slot; (slot = map_next(map, &cursor)) != NULL;) {
        mem_free(slot->value);
    }
    map_done(map);
}

static void free_state(struct realm_state *state)
{
    free_all(&state->grants);
    free_all(&state->sources);
    json_decref(state->object);
    rbac_realm_unref(state->built);
    mem_free((void *)(uintptr_t)state->uri.ptr);
    mem_free(state);
}

void rbac_builder_free(struct rbac_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    size_t cursor = 0;
    for (const struct map_slot *slot; (slot = map_next(&builder->realms, &cursor)) != NULL;) {
        free_state(slot->value);
    }
    map_done(&builder->realms);
    mem_free(builder);
}

void rbac_builder_allow_anonymous_admin(struct rbac_builder *builder, bool allow)
{
    builder->allow_anonymous_admin = allow;
}

static void log_unreadable(const struct store_record *record, const struct err *err)
{
    log_error("record cannot be read and grants nothing", KV_STR("kind", record->kind),
              KV_STR("realm", record->realm), KV_STR("key", record->key),
              KV_U64("version", record->version), KV_ERR(err));
}

static json_t *read_value(const struct store_record *record, struct err *err)
{
    json_t *value = record_read(record->value, err);
    if (value != NULL && !json_is_object(value)) {
        (void)err_set(err, ERR_INVALID, "not an object");
        json_decref(value);
        return NULL;
    }
    return value;
}

static struct str put_text(char **at, struct str text)
{
    struct str copy = str_make(*at, text.len);
    for (size_t i = 0; i < text.len; i++) {
        *(*at)++ = text.ptr[i];
    }
    return copy;
}

static struct held *held_grant(const json_t *value, struct str key, struct err *err)
{
    struct grant_line line;
    if (!grant_line_read(value, &line, err)) {
        return NULL;
    }
    struct held *held = mem_alloc(sizeof(*held) + key.len + line.role.len + line.uri.len);
    *held = (struct held){.is_grant = true, .grant = line};
    char *at = held->text + key.len;
    held->grant.role = put_text(&at, line.role);
    held->grant.uri = put_text(&at, line.uri);
    return held;
}

static struct held *held_source(const json_t *value, struct str key, struct err *err)
{
    struct source_line line;
    if (!source_line_read(value, &line, err)) {
        return NULL;
    }
    struct held *held =
        mem_alloc(sizeof(*held) + key.len + line.username.len + line.authmethod.len);
    *held = (struct held){.source = line};
    char *at = held->text + key.len;
    held->source.username = put_text(&at, line.username);
    held->source.authmethod = put_text(&at, line.authmethod);
    return held;
}

static void apply_line(struct rbac_builder *builder, const struct store_record *record)
{
    struct realm_state *state = state_for(builder, record->realm);
    bool is_grant = str_eq(record->kind, STR("grant"));
    struct map *lines = is_grant ? &state->grants : &state->sources;
    mem_free(map_remove(lines, record->key));
    if (record->deleted) {
        return;
    }
    struct err err = {0};
    json_t *value = read_value(record, &err);
    struct held *held = NULL;
    if (value != NULL) {
        held =
            is_grant ? held_grant(value, record->key, &err) : held_source(value, record->key, &err);
    }
    json_decref(value);
    if (held == NULL) {
        log_unreadable(record, &err);
        return;
    }
    char *at = held->text;
    struct str key = put_text(&at, record->key);
    (void)map_put(lines, key, held);
}

static void apply_realm(struct rbac_builder *builder, const struct store_record *record)
{
    struct realm_state *state = state_for(builder, record->key);
    json_decref(state->object);
    state->object = NULL;
    if (!record->deleted) {
        struct err err = {0};
        state->object = read_value(record, &err);
        if (state->object == NULL) {
            log_unreadable(record, &err);
        }
    }
    if (state->object == NULL && is_master(record->key)) {
        state->object = json_object();
    }
}

bool rbac_builder_apply(struct rbac_builder *builder, const struct store_record *record)
{
    bool is_realm = str_eq(record->kind, STR("realm"));
    if (!is_realm && !str_eq(record->kind, STR("grant")) && !str_eq(record->kind, STR("source"))) {
        return false;
    }
    struct realm_state *state = state_for(builder, is_realm ? record->key : record->realm);
    rbac_realm_unref(state->built);
    state->built = NULL;
    if (is_realm) {
        apply_realm(builder, record);
    } else {
        apply_line(builder, record);
    }
    return true;
}

/* Anything but the boolean that it must be counts as the safe side. */
static bool bool_member(const json_t *object, const char *key, bool absent, bool wrong)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value)) {
        return absent;
    }
    return json_is_boolean(value) ? json_is_true(value) : wrong;
}

static void add_authmethods(struct rbac_realm *realm, const json_t *list)
{
    static const struct str usual[] = {STR_INIT("anonymous"), STR_INIT("password"),
                                       STR_INIT("oauth2"), STR_INIT("wampcra"), STR_INIT("ticket")};
    if (list == NULL || json_is_null(list)) {
        for (size_t i = 0; i < COUNT_OF(usual); i++) {
            rbac_realm_add_authmethod(realm, usual[i]);
        }
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *method = json_array_get(list, i);
        if (json_is_string(method) && record_authmethod_valid(record_str(method))) {
            rbac_realm_add_authmethod(realm, record_str(method));
        }
    }
}

/* What administrators have, whatever the records say. */
static void add_administrators(struct rbac_realm *realm)
{
    static const struct str methods[] = {STR_INIT("password"), STR_INIT("wampcra"),
                                         STR_INIT("cryptosign")};
    static const struct str blocks[] = {STR_INIT("0.0.0.0/0"), STR_INIT("::/0")};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        rbac_realm_add_authmethod(realm, methods[i]);
        for (size_t j = 0; j < COUNT_OF(blocks); j++) {
            struct rbac_source source = {.username = STR("all"), .authmethod = methods[i]};
            (void)cidr_parse(blocks[j], &source.cidr);
            rbac_realm_add_source(realm, &source);
        }
    }
    rbac_realm_add_grant(realm, ROLE_GROUP, RBAC_ROLE_ADMINISTRATORS, STR_EMPTY, GRANT_PREFIX,
                         PERMISSION_BIT(PERMISSION_CALL) | PERMISSION_BIT(PERMISSION_CANCEL) |
                             PERMISSION_BIT(PERMISSION_SUBSCRIBE) |
                             PERMISSION_BIT(PERMISSION_UNSUBSCRIBE));
}

static void add_lines(struct rbac_realm *realm, const struct map *lines, bool skip_anybody)
{
    size_t cursor = 0;
    for (const struct map_slot *slot; (slot = map_next(lines, &cursor)) != NULL;) {
        const struct held *held = slot->value;
        if (skip_anybody &&
            role_is_anybody(held->is_grant ? held->grant.role : held->source.username)) {
            continue;
        }
        if (held->is_grant) {
            const struct grant_line *line = &held->grant;
            rbac_realm_add_grant(realm, line->kind, line->role, line->uri, line->match,
                                 line->permissions);
        } else {
            rbac_realm_add_source(realm,
                                  &(struct rbac_source){.username = held->source.username,
                                                        .authmethod = held->source.authmethod,
                                                        .cidr = held->source.cidr});
        }
    }
}

static struct rbac_realm *build_realm(const struct rbac_builder *builder,
                                      const struct realm_state *state)
{
    bool master = is_master(state->uri);
    bool prototype = bool_member(state->object, "is_prototype", false, true);
    const json_t *allow = json_object_get(state->object, "allow_connections");
    struct rbac_realm *realm = rbac_realm_new(state->uri);
    realm->allow_connections =
        master || (!prototype && (allow == NULL || json_is_null(allow) || json_is_true(allow)));
    realm->security_enabled = master || bool_member(state->object, "security_enabled", true, true);
    if (master) {
        add_administrators(realm);
    }
    const json_t *authmethods = json_object_get(state->object, "authmethods");
    if (!master || json_is_array(authmethods)) {
        add_authmethods(realm, authmethods);
    }
    bool skip_anybody = master && !builder->allow_anonymous_admin;
    add_lines(realm, &state->grants, skip_anybody);
    add_lines(realm, &state->sources, skip_anybody);
    return realm;
}

struct rbac *rbac_builder_build(struct rbac_builder *builder, uint64_t version)
{
    struct rbac_realm **realms = NEW_ARRAY(struct rbac_realm *, builder->realms.count + 1);
    size_t count = 0;
    size_t cursor = 0;
    for (const struct map_slot *slot; (slot = map_next(&builder->realms, &cursor)) != NULL;) {
        struct realm_state *state = slot->value;
        if (state->object == NULL) {
            continue;
        }
        if (state->built == NULL) {
            state->built = build_realm(builder, state);
        }
        realms[count++] = rbac_realm_ref(state->built);
    }
    struct rbac *rbac = rbac_new(version);
    rbac_set_realms(rbac, realms, count);
    mem_free(realms);
    return rbac;
}
