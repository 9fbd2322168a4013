/* audience_filter.c - the options of PUBLISH, and who passes their lists. */
#include "realm/audience_filter.h"

#include "base/mem.h"
#include "rbac/rbac.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct publish_options, member)

/* `acknowledge` is the first. */
static const struct option_row publish_rows[] = {
    {"acknowledge", OPTION_BOOL, AT(acknowledge)},
    {"exclude_me", OPTION_BOOL, AT(exclude_me)},
    {"disclose_me", OPTION_BOOL, AT(disclose_me)},
    {"retain", OPTION_BOOL, AT(retain)},
    {"_retained_ttl", OPTION_U64, AT(retained_ttl)},
    PASSTHRU_ROWS(AT(passthru)),
    {"exclude", OPTION_IDS, AT(filter.exclude)},
    {"exclude_authid", OPTION_STRS, AT(filter.exclude_authid)},
    {"exclude_authrole", OPTION_STRS, AT(filter.exclude_authrole)},
    {"eligible", OPTION_IDS, AT(filter.eligible)},
    {"eligible_authid", OPTION_STRS, AT(filter.eligible_authid)},
    {"eligible_authrole", OPTION_STRS, AT(filter.eligible_authrole)},
};

static int id_order(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Sorted, because each of many members is looked for among up to OPTION_LIST_MAX ids. */
static void sort_ids(struct option_list *list, struct arena *scratch)
{
    if (list->count < 2) {
        return;
    }
    uint64_t *sorted = arena_alloc(scratch, list->count * sizeof(*sorted));
    memcpy(sorted, list->ids, list->count * sizeof(*sorted));
    qsort(sorted, list->count, sizeof(*sorted), id_order);
    list->ids = sorted;
}

bool publish_options_read(struct slice options,
                          bool disclose_me,
                          struct arena *scratch,
                          struct publish_options *out,
                          struct err *err)
{
    *out = (struct publish_options){
        .exclude_me = true, .disclose_me = disclose_me, .retained_ttl = RETAINED_TTL_DEFAULT};
    if (options.bytes.len == 0) {
        return true;
    }
    if (!options_read(options, publish_rows, COUNT_OF(publish_rows), scratch, out, err)) {
        /* Whether it is to be answered may stand behind what is wrong. */
        struct err ignored = {0};
        (void)options_read(options, publish_rows, 1, scratch, out, &ignored);
        return false;
    }
    sort_ids(&out->filter.exclude, scratch);
    sort_ids(&out->filter.eligible, scratch);
    return true;
}

static bool empty(const struct option_list *list)
{
    return list->present && list->count == 0;
}

bool audience_filter_closed(const struct audience_filter *filter)
{
    return empty(&filter->eligible) || empty(&filter->eligible_authid) ||
           empty(&filter->eligible_authrole);
}

bool audience_filter_by_session(const struct audience_filter *filter)
{
    return filter->exclude.present || filter->eligible.present;
}

bool audience_filter_open(const struct audience_filter *filter)
{
    return !filter->exclude.present && !filter->exclude_authid.present &&
           !filter->exclude_authrole.present && !filter->eligible.present &&
           !filter->eligible_authid.present && !filter->eligible_authrole.present;
}

static bool has_id(const struct option_list *list, uint64_t id)
{
    return list->count > 0 &&
           bsearch(&id, list->ids, list->count, sizeof(list->ids[0]), id_order) != NULL;
}

static bool has_str(const struct option_list *list, struct str wanted)
{
    for (size_t i = 0; i < list->count; i++) {
        if (str_eq(list->strs[i], wanted)) {
            return true;
        }
    }
    return false;
}

static bool has_role(const struct option_list *list, const struct principal *principal)
{
    for (size_t i = 0; i < principal->role_count; i++) {
        if (has_str(list, principal->roles[i])) {
            return true;
        }
    }
    return false;
}

bool audience_filter_passes(const struct audience_filter *filter,
                            uint64_t session,
                            const struct principal *principal)
{
    if (session == filter->except) {
        return false;
    }
    if (has_id(&filter->exclude, session) || has_str(&filter->exclude_authid, principal->authid) ||
        has_role(&filter->exclude_authrole, principal)) {
        return false;
    }
    if (filter->eligible.present && !has_id(&filter->eligible, session)) {
        return false;
    }
    if (filter->eligible_authid.present && !has_str(&filter->eligible_authid, principal->authid)) {
        return false;
    }
    return !filter->eligible_authrole.present || has_role(&filter->eligible_authrole, principal);
}
