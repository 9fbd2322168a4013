/* rbac_builder.c - builds the realms that changed from what rbac_apply.c keeps. */
#include "rbac/rbac_builder.h"

#include "base/log.h"
#include "base/mem.h"
#include "rbac/builder_inside.h"

#include <stdlib.h>

struct realm_state *builder_state(struct rbac_builder *builder, struct str uri)
{
    struct realm_state *state = map_get(&builder->realms, uri);
    if (state == NULL) {
        state = NEW(struct realm_state);
        state->uri = str_make(str_dup(uri), uri.len);
        (void)map_put(&builder->realms, state->uri, state);
    }
    return state;
}

struct rbac_builder *rbac_builder_new(void)
{
    struct rbac_builder *builder = NEW(struct rbac_builder);
    map_init(&builder->realms);
    builder_state(builder, MASTER_REALM)->object = json_object();
    return builder;
}

static void free_all(struct map *map)
{
    size_t cursor = 0;
    for (const struct map_slot *slot; (slot = map_next(map, &cursor)) != NULL;) {
        builder_held_free(slot->value);
    }
    map_done(map);
}

static void free_state(struct realm_state *state)
{
    free_all(&state->grants);
    free_all(&state->sources);
    free_all(&state->groups);
    hamt_done(&state->users);
    hamt_done(&state->aliases);
    hamt_done(&state->keys);
    hamt_done(&state->api_keys);
    hamt_done(&state->origins);
    json_decref(state->object);
    rbac_rights_unref(state->rights);
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
    builder->settings.allow_anonymous_admin = allow;
}

void rbac_builder_set(struct rbac_builder *builder, const struct rbac_settings *settings)
{
    builder->settings = *settings;
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

/* What the master realm has, whatever its record says: from where they are open, sources say. */
static const struct str admin_methods[] = {STR_INIT("wampcra"), STR_INIT("password"),
                                           STR_INIT("cryptosign")};

/* Without a record, as in checks of a file, it is as it would be made. */
static void add_admin_sources(struct rbac_rights *rights)
{
    static const struct str blocks[] = {STR_INIT("::/0"), STR_INIT("0.0.0.0/0")};
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        for (size_t j = 0; j < COUNT_OF(admin_methods); j++) {
            struct rbac_source source = {.username = STR("all"), .authmethod = admin_methods[j]};
            (void)cidr_parse(blocks[i], &source.cidr);
            rbac_rights_add_source(rights, &source);
        }
    }
}

/* What administrators may, whatever the records say. */
static void add_administrators(struct rbac_rights *rights)
{
    rbac_rights_add_group(rights, RBAC_ROLE_ADMINISTRATORS, NULL, 0);
    rbac_rights_add_grant(rights, ROLE_GROUP, RBAC_ROLE_ADMINISTRATORS, STR_EMPTY, GRANT_PREFIX,
                          PERMISSION_BIT(PERMISSION_CALL) | PERMISSION_BIT(PERMISSION_CANCEL) |
                              PERMISSION_BIT(PERMISSION_SUBSCRIBE) |
                              PERMISSION_BIT(PERMISSION_UNSUBSCRIBE));
}

static void add_named(struct rbac_rights *rights, const struct grant_line *line)
{
    enum permission known;
    for (size_t i = 0; i < json_array_size(line->named); i++) {
        struct str name = record_str(json_array_get(line->named, i));
        if (!permission_find(name, &known)) {
            rbac_rights_add_named(rights, line->kind, line->role, name, line->uri, line->match);
        }
    }
}

static void add_grants(struct rbac_rights *rights, const struct map *lines, bool skip_anybody)
{
    size_t cursor = 0;
    for (const struct map_slot *slot; (slot = map_next(lines, &cursor)) != NULL;) {
        const struct grant_line *line = &((const struct held *)slot->value)->grant;
        if (skip_anybody && role_is_anybody(line->role)) {
            continue;
        }
        if (line->named != NULL) {
            add_named(rights, line);
        }
        if (line->permissions != 0) {
            rbac_rights_add_grant(rights, line->kind, line->role, line->uri, line->match,
                                  line->permissions);
        }
    }
}

/* The widest first; of one width, in one order whatever came first. */
static int by_width(const void *a, const void *b)
{
    const struct source_line *left = *(const struct source_line *const *)a;
    const struct source_line *right = *(const struct source_line *const *)b;
    int order = (int)left->cidr.bits - (int)right->cidr.bits;
    return order != 0 ? order : str_cmp(right->authmethod, left->authmethod);
}

/* A source for all users is no open door where they must prove who they are. */
static bool lets_anybody_in(const struct source_line *line)
{
    return str_eq(line->username, RBAC_ROLE_ANONYMOUS) ||
           (role_is_anybody(line->username) && (str_eq(line->authmethod, RBAC_METHOD_ANONYMOUS) ||
                                                str_eq(line->authmethod, STR("trust"))));
}

static void add_sources(struct rbac_rights *rights, const struct map *lines, bool skip_anybody)
{
    const struct source_line **sorted = NEW_ARRAY(const struct source_line *, lines->count + 1);
    size_t count = 0;
    size_t cursor = 0;
    for (const struct map_slot *slot; (slot = map_next(lines, &cursor)) != NULL;) {
        const struct source_line *line = &((const struct held *)slot->value)->source;
        if (!skip_anybody || !lets_anybody_in(line)) {
            sorted[count++] = line;
        }
    }
    qsort(sorted, count, sizeof(void *), by_width);
    for (size_t i = 0; i < count; i++) {
        rbac_rights_add_source(rights, &(struct rbac_source){.username = sorted[i]->username,
                                                             .authmethod = sorted[i]->authmethod,
                                                             .cidr = sorted[i]->cidr});
    }
    mem_free(sorted);
}

static void add_groups(struct rbac_rights *rights, const struct map *lines)
{
    size_t cursor = 0;
    for (const struct map_slot *slot; (slot = map_next(lines, &cursor)) != NULL;) {
        const json_t *group = ((const struct held *)slot->value)->group;
        const json_t *nested = json_object_get(group, "groups");
        struct str *names = NEW_ARRAY(struct str, json_array_size(nested) + 1);
        size_t count = 0;
        for (size_t i = 0; i < json_array_size(nested); i++) {
            if (json_is_string(json_array_get(nested, i))) {
                names[count++] = record_str(json_array_get(nested, i));
            }
        }
        struct str name;
        (void)record_member(group, "name", &name);
        rbac_rights_add_group(rights, name, names, count);
        mem_free(names);
    }
}

static struct rbac_rights *rights_of(const struct rbac_builder *builder, struct realm_state *state)
{
    if (state->rights == NULL) {
        bool skip_anybody =
            builder_is_master(state->uri) && !builder->settings.allow_anonymous_admin;
        state->rights = rbac_rights_new();
        if (builder_is_master(state->uri)) {
            add_administrators(state->rights);
        }
        if (builder_is_master(state->uri) && json_object_size(state->object) == 0) {
            add_admin_sources(state->rights);
        }
        add_grants(state->rights, &state->grants, skip_anybody);
        add_sources(state->rights, &state->sources, skip_anybody);
        add_groups(state->rights, &state->groups);
    }
    return state->rights;
}

/* The realm's own word, else the prototype's. */
static const json_t *
effective(const struct realm_state *state, const struct realm_state *prototype, const char *key)
{
    const json_t *value = json_object_get(state->object, key);
    if ((value == NULL || json_is_null(value)) && prototype != NULL) {
        value = json_object_get(prototype->object, key);
    }
    return json_is_null(value) ? NULL : value;
}

static struct str kept_text(struct rbac_realm *realm, const json_t *value)
{
    if (json_is_string(value)) {
        return arena_str(&realm->arena, record_str(value));
    }
    if (!json_is_object(value)) {
        return STR_EMPTY;
    }
    char *text = record_canonical(value);
    struct str kept = arena_str(&realm->arena, str_of(text));
    mem_free(text);
    return kept;
}

static bool is_prototype(const struct realm_state *state)
{
    return state->object != NULL && json_is_true(json_object_get(state->object, "is_prototype"));
}

/* NULL, and `out_lost` when there should be one and is not: then the realm stays shut. */
static struct realm_state *
prototype_of(const struct rbac_builder *builder, const struct realm_state *state, bool *out_lost)
{
    const json_t *uri = json_object_get(state->object, "prototype_uri");
    *out_lost = false;
    if (uri == NULL || json_is_null(uri)) {
        return NULL;
    }
    struct realm_state *prototype =
        json_is_string(uri) ? map_get(&builder->realms, record_str(uri)) : NULL;
    *out_lost = prototype == NULL || !is_prototype(prototype) || prototype == state;
    return *out_lost ? NULL : prototype;
}

static void set_properties(struct rbac_realm *realm,
                           const struct realm_state *state,
                           const struct realm_state *prototype,
                           bool lost)
{
    bool master = builder_is_master(state->uri);
    const json_t *security = effective(state, prototype, "security_enabled");
    const json_t *authmethods = effective(state, prototype, "authmethods");
    /* What a prototype says of connections is about those that inherit from it. */
    const json_t *allow = effective(state, prototype, "allow_connections");
    realm->is_prototype = bool_member(state->object, "is_prototype", false, true);
    realm->is_sso_realm = bool_member(state->object, "is_sso_realm", false, false);
    realm->allow_connections =
        master || (!realm->is_prototype && !lost && (allow == NULL || json_is_true(allow)));
    realm->security_enabled = master || !json_is_false(security);
    realm->prototype_uri = kept_text(realm, json_object_get(state->object, "prototype_uri"));
    if (!realm->is_sso_realm) { /* which has no other above it */
        realm->sso_realm_uri = kept_text(realm, effective(state, prototype, "sso_realm_uri"));
    }
    realm->password_opts = kept_text(realm, effective(state, prototype, "password_opts"));
    realm->info = kept_text(realm, json_object_get(state->object, "info"));
    for (size_t i = 0; master && i < COUNT_OF(admin_methods); i++) {
        rbac_realm_add_authmethod(realm, admin_methods[i]);
    }
    if (!master || json_is_array(authmethods)) {
        add_authmethods(realm, authmethods);
    }
}

static struct rbac_realm *build_realm(const struct rbac_builder *builder, struct realm_state *state)
{
    bool lost = false;
    struct realm_state *prototype = prototype_of(builder, state, &lost);
    if (lost) {
        log_error("the prototype of a realm is not there: it takes no connections",
                  KV_STR("realm", state->uri));
    }
    struct rbac_realm *realm =
        rbac_realm_new(state->uri, rbac_rights_ref(rights_of(builder, state)),
                       prototype == NULL ? NULL : rbac_rights_ref(rights_of(builder, prototype)));
    set_properties(realm, state, prototype, lost);
    realm->refuses_anonymous = builder->settings.refuse_anonymous;
    realm->users = hamt_share(&state->users);
    realm->aliases = hamt_share(&state->aliases);
    realm->keys = hamt_share(&state->keys);
    realm->api_keys = hamt_share(&state->api_keys);
    realm->origins = hamt_share(&state->origins);
    return realm;
}

static void forget_heirs(struct rbac_builder *builder)
{
    size_t cursor = 0;
    for (const struct map_slot *slot; (slot = map_next(&builder->realms, &cursor)) != NULL;) {
        struct realm_state *state = slot->value;
        struct str uri;
        (void)record_member(state->object, "prototype_uri", &uri);
        const struct realm_state *prototype = uri.len == 0 ? NULL : map_get(&builder->realms, uri);
        if (prototype != NULL && prototype->touched) {
            rbac_realm_unref(state->built);
            state->built = NULL;
        }
    }
}

struct rbac *rbac_builder_build(struct rbac_builder *builder, uint64_t version)
{
    struct rbac_realm **realms = NEW_ARRAY(struct rbac_realm *, builder->realms.count + 1);
    size_t count = 0;
    size_t cursor = 0;
    forget_heirs(builder);
    for (const struct map_slot *slot; (slot = map_next(&builder->realms, &cursor)) != NULL;) {
        struct realm_state *state = slot->value;
        state->touched = false;
        if (state->object == NULL) {
            continue;
        }
        if (state->built == NULL) {
            state->built = build_realm(builder, state);
        }
        realms[count++] = rbac_realm_ref(state->built);
    }
    struct rbac *rbac = rbac_new(version);
    rbac->passwords = builder->settings.passwords;
    rbac_set_realms(rbac, realms, count);
    mem_free(realms);
    return rbac;
}
