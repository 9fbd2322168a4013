/* realm_groups.c - who a realm object names, and its groups: nested, but in no circle. */
#include "base/log.h"
#include "base/mem.h"
#include "rbac/record_inside.h"

static bool read_names(struct realm_parse *parse,
                       const char *list_key,
                       const char *name_key,
                       bool (*valid)(struct str name),
                       const char *rule,
                       struct map *out)
{
    const json_t *list = json_object_get(parse->object, list_key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        struct str name;
        if (!json_is_object(element)) {
            return realm_mistaken(parse, list, NULL, "element %zu is not an object", i + 1);
        }
        (void)record_member(element, name_key, &name);
        struct str folded = realm_name(parse, element, name_key, name);
        if (folded.ptr == NULL) {
            return false;
        }
        if (!valid(folded)) {
            return realm_mistaken(parse, element,
                                  json_object_get(element, name_key) == NULL ? NULL : name_key,
                                  "\"%s\" must be %s", name_key, rule);
        }
        if (map_put(out, folded, (void *)(uintptr_t)element) != NULL) {
            return realm_mistaken(parse, element, name_key, "stands here twice");
        }
    }
    return true;
}

static bool group_name_valid(struct str name)
{
    return record_name_valid(name) && !role_is_anybody(name) && !str_starts(name, STR("user/")) &&
           !str_starts(name, STR("group/"));
}

/* Bondy takes them, so a file may have them. */
static void warn_slashes(const struct realm_parse *parse)
{
    const json_t *list = json_object_get(parse->object, "groups");
    for (size_t i = 0; i < json_array_size(list) && !parse->quiet; i++) {
        const char *name = json_string_value(json_object_get(json_array_get(list, i), "name"));
        if (name != NULL && str_find(str_of(name), '/') >= 0) {
            log_warn("a group with a slash in its name has no path in the admin API",
                     KV_STR("realm", parse->uri), KV_CSTR("group", name));
        }
    }
}

bool realm_names_read(struct realm_parse *parse)
{
    warn_slashes(parse);
    return read_names(parse, "groups", "name", group_name_valid,
                      "a name, and none of the reserved ones", &parse->groups) &&
           read_names(parse, "users", "username", record_username_valid, USERNAME_RULE,
                      &parse->users);
}

static bool known_group(struct realm_parse *parse, const json_t *list, size_t at, struct str name)
{
    if (!record_name_valid(name)) {
        return realm_mistaken_as(parse, ERROR_NO_SUCH_GROUPS, list, NULL,
                                 "element %zu is not the name of a group", at + 1);
    }
    return realm_knows_group(parse, name) ||
           realm_mistaken_as(parse, ERROR_NO_SUCH_GROUPS, list, NULL,
                             "there is no group \"%.100s\"", name.ptr);
}

bool realm_group_list(struct realm_parse *parse, const json_t *node, json_t **out)
{
    const json_t *list = json_object_get(node, "groups");
    *out = NULL;
    if (list == NULL || json_is_null(list)) {
        return true;
    }
    if (!json_is_array(list)) {
        return realm_mistaken(parse, node, "groups", "must be a list of names");
    }
    json_t *names = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        struct str name = json_is_string(element)
                              ? realm_name(parse, list, NULL, record_str(element))
                              : STR_EMPTY;
        if (name.ptr == NULL || !known_group(parse, list, i, name)) {
            json_decref(names);
            return false;
        }
        (void)json_array_append_new(names, json_stringn(name.ptr, name.len));
    }
    *out = names;
    return true;
}

void realm_warn_unknown(const struct realm_parse *parse,
                        const json_t *object,
                        const char *what,
                        const char *const *keys,
                        size_t count)
{
    const char *key;
    json_t *value;
    if (parse->quiet) {
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        size_t i = 0;
        while (i < count && !str_eq(str_of(keys[i]), str_of(key))) {
            i++;
        }
        if (i == count) {
            log_warn("a realm has a key that means nothing here and is dropped",
                     KV_STR("realm", parse->uri), KV_CSTR("in", what), KV_CSTR("key", key));
        }
    }
}

bool realm_meta_read(struct realm_parse *parse, const json_t *node, json_t *value)
{
    json_t *meta = json_object_get(node, "meta");
    if (meta == NULL || json_is_null(meta)) {
        return true;
    }
    (void)json_object_set(value, "meta", meta);
    return json_is_object(meta) || realm_mistaken(parse, node, "meta", "must be an object");
}

/* One group on the way that a walk through the nesting has taken. */
struct visit {
    struct str name;
    const json_t *list;             /* as the object says it, or */
    const struct rbac_group *group; /* as it is */
    size_t at;
    bool open;
    struct visit *below;
};

static struct visit *visit_for(struct realm_parse *parse, struct map *visits, struct str name)
{
    struct visit *visit = map_get(visits, name);
    if (visit != NULL || !realm_has_room(parse, sizeof(*visit))) {
        return visit;
    }
    visit = ARENA_NEW(parse->arena, struct visit);
    visit->name = name;
    struct str index =
        realm_text(parse, "group " PRISTR " " PRISTR, STRARG(parse->uri), STRARG(name));
    if (index.ptr == NULL) {
        return NULL;
    }
    const struct realm_line *line = map_get(&parse->index, index);
    visit->list = line == NULL ? NULL : json_object_get(line->value, "groups");
    if (visit->list == NULL && parse->old != NULL) {
        visit->group = rbac_group_find(parse->old, name);
    }
    if (visit->list == NULL && visit->group == NULL && line == NULL && parse->prototype != NULL) {
        visit->group = rbac_group_find(parse->prototype, name);
    }
    (void)map_put(visits, name, visit);
    return visit;
}

static bool next_nested(struct visit *visit, struct str *out)
{
    size_t count = visit->group == NULL ? json_array_size(visit->list) : visit->group->group_count;
    if (visit->at == count) {
        return false;
    }
    *out = visit->group == NULL ? record_str(json_array_get(visit->list, visit->at))
                                : visit->group->groups[visit->at];
    visit->at++;
    return true;
}

static bool say_circle(struct realm_parse *parse, const struct visit *top, struct str name)
{
    struct str text = realm_text(parse, "%.60s", name.ptr);
    for (const struct visit *at = top; text.ptr != NULL && at != NULL; at = at->below) {
        text = realm_text(parse, "%.60s -> %.120s", at->name.ptr, text.ptr);
        if (str_eq(at->name, name)) {
            break;
        }
    }
    return text.ptr != NULL &&
           realm_mistaken_as(parse, ERROR_INCONSISTENT, map_get(&parse->groups, name), "groups",
                             "groups are nested in a circle: %.150s", text.ptr);
}

static bool walk(struct realm_parse *parse, struct map *visits, struct str start)
{
    struct visit *top = visit_for(parse, visits, start);
    if (top == NULL) {
        return false;
    }
    top->open = true;
    while (top != NULL) {
        struct str name;
        if (!next_nested(top, &name)) {
            top->open = false;
            top = top->below;
            continue;
        }
        struct visit *next = visit_for(parse, visits, name);
        if (next == NULL || next->open) {
            return next != NULL && say_circle(parse, top, name);
        }
        if (next->at == 0) {
            next->open = true;
            next->below = top;
            top = next;
        }
    }
    return true;
}

static bool check_circles(struct realm_parse *parse)
{
    struct map visits;
    bool ok = true;
    size_t cursor = 0;
    map_init(&visits);
    for (const struct map_slot *slot; ok && (slot = map_next(&parse->groups, &cursor)) != NULL;) {
        ok = walk(parse, &visits, map_slot_key(slot));
    }
    map_done(&visits);
    return ok;
}

static bool read_group(struct realm_parse *parse, const json_t *group)
{
    static const char *const keys[] = {"name", "groups", "meta"};
    struct str name;
    json_t *nested = NULL;
    (void)record_member(group, "name", &name);
    name = realm_name(parse, group, "name", name);
    if (name.ptr == NULL || !realm_group_list(parse, group, &nested)) {
        return false;
    }
    json_t *value = json_pack("{s:s%}", "name", name.ptr, name.len);
    if (nested != NULL) {
        (void)json_object_set_new(value, "groups", nested);
    }
    if (!realm_meta_read(parse, group, value)) {
        json_decref(value);
        return false;
    }
    realm_warn_unknown(parse, group, "group", keys, COUNT_OF(keys));
    return realm_line_add(parse, STR("group"), name, value);
}

bool realm_groups_read(struct realm_parse *parse, const json_t *groups)
{
    for (size_t i = 0; i < json_array_size(groups); i++) {
        if (!read_group(parse, json_array_get(groups, i))) {
            return false;
        }
    }
    return check_circles(parse);
}
