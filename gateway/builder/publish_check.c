/* publish_check.c - what a text would become, and whether it may: compiled, and checked against all
 * that is published.
 *
 * Of what is present and the request alone, so it runs on any thread: the builder's for a
 * publication, a pool's for a dry run. */
#include "base/mem.h"
#include "builder/builder_inside.h"
#include "spec/spec_diff.h"
#include "spec/spec_text.h"

/* The method that a realm needs for each scheme. */
static const struct {
    enum security_type type;
    struct str scheme;
    struct str methods[2]; /* any of these */
} needed_methods[] = {
    {SECURITY_OAUTH2, STR_INIT("oauth2"), {STR_INIT("oauth2"), STR_INIT("")}},
    {SECURITY_BASIC, STR_INIT("basic"), {STR_INIT("password"), STR_INIT("")}},
    {SECURITY_API_KEY, STR_INIT("api_key"), {STR_INIT("api_key"), STR_INIT("")}},
    {SECURITY_IDENTITY, STR_INIT("identity"), {STR_INIT("password"), STR_INIT("api_key")}},
};

/* Its routes answer 401 until the realm has the method: a warning, for the realm may get it. */
static void
warn_of_methods(const struct rbac_realm *realm, const struct spec *spec, struct problems *problems)
{
    unsigned types = spec_security_types(spec);
    for (size_t i = 0; i < COUNT_OF(needed_methods); i++) {
        const struct str *methods = needed_methods[i].methods;
        if ((types & 1U << (unsigned)needed_methods[i].type) == 0 ||
            rbac_realm_has_method(realm, methods[0]) ||
            (methods[1].len > 0 && rbac_realm_has_method(realm, methods[1]))) {
            continue;
        }
        struct problem problem = {.pointer = STR("/realm_uri"), .warning = true};
        spec_realm_position(spec, &problem.line, &problem.column);
        problem.text =
            arena_printf(&problems->arena,
                         "the realm does not have the method \"" PRISTR "\" that security '" PRISTR
                         "' needs: its routes answer 401 until it is among the realm's authmethods",
                         STRARG(methods[0]), STRARG(needed_methods[i].scheme));
        problems_add(problems, &problem);
    }
}

static bool realm_known(const struct rbac *rbac, const struct spec *spec, struct problems *problems)
{
    struct str realm = spec_realm(spec);
    const struct rbac_realm *found = rbac == NULL ? NULL : rbac_realm_find(rbac, realm);
    if (found != NULL) {
        warn_of_methods(found, spec, problems);
        return true;
    }
    struct problem problem = {.pointer = STR("/realm_uri")};
    size_t count = 0;
    spec_realm_position(spec, &problem.line, &problem.column);
    problem.text =
        arena_printf(&problems->arena,
                     "there is no realm named " PRISTR ": postern realm create " PRISTR " --open",
                     STRARG(realm), STRARG(realm));
    if (rbac != NULL) {
        const struct str *uris = rbac_realm_uris(rbac, &count);
        problem.nearest = str_nearest(realm, uris, count);
    }
    problems_add(problems, &problem);
    return false;
}

/* Two of one id in one text: which of them is meant? */
static bool
id_is_new(const struct candidates *before, const struct spec *spec, struct problems *problems)
{
    for (size_t i = 0; i < before->count; i++) {
        if (str_eq(spec_id(before->items[i].spec), spec_id(spec))) {
            struct problem problem = {.pointer = STR("/id")};
            problem.text = arena_printf(&problems->arena, "two specifications have the id " PRISTR,
                                        STRARG(spec_id(spec)));
            problems_add(problems, &problem);
            return false;
        }
    }
    return true;
}

/* What it was, what it becomes, and what differs. */
static void add_item(struct publish_request *request,
                     const struct present *present,
                     const struct candidate *candidate,
                     const json_t *after)
{
    struct str id = spec_id(candidate->spec);
    const struct published *entry = present_find(present, id);
    struct publish_item *item = &request->items[request->item_count++];
    item->id = arena_str(&request->arena, id);
    item->version = entry == NULL ? 0 : entry->version;
    item->changed = entry == NULL || !str_eq(str_of(entry->text), str_of(candidate->text));
    if (request->dry_run) {
        json_t *before = entry == NULL || !item->changed ? NULL : json_loads(entry->text, 0, NULL);
        item->differences = item->changed ? spec_diff(before, after) : json_array();
        json_decref(before);
    }
}

/* Compiled as it was written, so that positions are its author's. */
static void compile_all(struct publish_request *request,
                        const struct present *present,
                        const struct spec_text *text,
                        struct spec_options options,
                        struct candidates *out)
{
    size_t count = spec_text_count(text);
    for (size_t i = 0; (i == 0 || i < count) && i < PUBLISH_ITEMS_MAX; i++) {
        struct candidate one = {.text = spec_text_canonical(text, i, &request->problems)};
        if (one.text == NULL) {
            break;
        }
        options.index = i;
        one.spec = spec_text_compile(text, &options, &request->problems);
        if (one.spec != NULL && realm_known(present->rbac, one.spec, &request->problems) &&
            id_is_new(out, one.spec, &request->problems)) {
            out->items[out->count++] = one;
            add_item(request, present, &one, spec_text_object(text, i));
        } else {
            spec_unref(one.spec);
            mem_free(one.text);
        }
    }
    if (count > PUBLISH_ITEMS_MAX) {
        problems_add(&request->problems,
                     &(struct problem){.text = STR("more than 64 specifications at once")});
    }
}

static bool is_replaced(const struct spec *spec, const struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++) {
        if (str_eq(spec_id(candidates->items[i].spec), spec_id(spec))) {
            return true;
        }
    }
    return false;
}

/* What serves: of stored ones that claim one path only the first does. */
static size_t serving(const struct present *present, struct spec **out)
{
    size_t count = 0;
    for (size_t i = 0; i < present->count; i++) {
        if (present->entries[i]->spec != NULL) {
            out[count++] = present->entries[i]->spec;
        }
    }
    return route_table_agreeing(out, count);
}

/* Would the table still build with these in the place of what they replace? */
static void check_conflicts(struct publish_request *request,
                            const struct present *present,
                            const struct candidates *candidates)
{
    struct spec **specs = NEW_ARRAY(struct spec *, present->count + candidates->count);
    size_t count = serving(present, specs);
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_replaced(specs[i], candidates)) {
            specs[total++] = specs[i];
        }
    }
    for (size_t i = 0; i < candidates->count; i++) {
        specs[total++] = candidates->items[i].spec;
    }
    struct route_table *table = route_table_build(specs, total, 0, &request->problems);
    if (table != NULL) {
        snapshot_unref((struct snapshot *)(void *)table);
    }
    mem_free(specs);
}

bool publish_check(struct publish_request *request,
                   const struct present *present,
                   bool allow_forward,
                   struct candidates *out)
{
    struct problems *problems = &request->problems;
    struct spec_text *text = spec_text_read(request->text, problems);
    out->count = 0;
    request->unreadable = text == NULL;
    if (text != NULL) {
        compile_all(request, present, text, (struct spec_options){.allow_forward = allow_forward},
                    out);
    }
    spec_text_free(text);
    size_t before = problems->errors;
    if (before == 0) {
        check_conflicts(request, present, out);
    }
    enum err_code code = before == 0 ? ERR_CONFLICT : ERR_INVALID;
    return problems->errors == 0 ||
           err_set(&request->err, code, "the specification has %zu mistake%s", problems->errors,
                   problems->errors == 1 ? "" : "s");
}

void candidates_done(struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++) {
        spec_unref(candidates->items[i].spec);
        mem_free(candidates->items[i].text);
    }
}
