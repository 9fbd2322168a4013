/* options.c - fills a struct from an encoded map by a table of keys. */
#include "wamp/options.h"

#include "base/mem.h"
#include "wamp/message.h"
#include "wamp/uri.h"

static bool read_match(struct scan *scan, enum match_policy *out)
{
    struct str name;
    if (!scan_str(scan, &name)) {
        return false;
    }
    for (int policy = 0; policy < MATCH_POLICIES; policy++) {
        if (str_eq(name, str_of(match_policy_name((enum match_policy)policy)))) {
            *out = (enum match_policy)policy;
            return true;
        }
    }
    return false;
}

static bool read_id(struct scan *scan, uint64_t *out)
{
    return scan_u64(scan, out) && *out > 0 && *out <= WAMP_ID_MAX;
}

/* Steps over the list that comes next and opens it on its own, with room for its members. */
static void *open_list(struct scan *scan, struct scan *list, size_t size, size_t *out_count)
{
    struct arena *scratch = scan->scratch;
    struct str bytes;
    if (scan_peek(scan) != SCAN_LIST || !scan_skip(scan, &bytes)) {
        return NULL;
    }
    size_t count = slice_count((struct slice){scan->serializer, bytes});
    if (count > OPTION_LIST_MAX || scratch == NULL || !arena_room(scratch, count * size)) {
        return NULL;
    }
    scan_init(list, scan->serializer, bytes, scratch);
    *out_count = count;
    return scan_enter_list(list) ? arena_calloc(scratch, count * size) : NULL;
}

static bool read_ids(struct scan *scan, struct option_list *out)
{
    struct scan list;
    size_t count;
    uint64_t *ids = open_list(scan, &list, sizeof *ids, &count);
    if (ids == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!scan_more(&list) || !read_id(&list, &ids[i])) {
            return false;
        }
    }
    *out = (struct option_list){.present = true, .count = count, .ids = ids};
    return true;
}

static bool read_strs(struct scan *scan, struct option_list *out)
{
    struct scan list;
    size_t count;
    struct str *strs = open_list(scan, &list, sizeof *strs, &count);
    if (strs == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!scan_more(&list) || !scan_str(&list, &strs[i])) {
            return false;
        }
    }
    *out = (struct option_list){.present = true, .count = count, .strs = strs};
    return true;
}

static bool read_slice(struct scan *scan, struct slice *out)
{
    struct str bytes;
    if (!scan_skip(scan, &bytes)) {
        return false;
    }
    *out = (struct slice){scan->serializer, bytes};
    return true;
}

static bool read_option(struct scan *scan, const struct option_row *row, void *field)
{
    switch (row->type) {
    case OPTION_BOOL:
        return scan_bool(scan, field);
    case OPTION_U64:
        return scan_u64(scan, field);
    case OPTION_STR:
        return scan_str(scan, field);
    case OPTION_SLICE:
        return read_slice(scan, field);
    case OPTION_MATCH:
        return read_match(scan, field);
    case OPTION_IDS:
        return read_ids(scan, field);
    case OPTION_STRS:
        return read_strs(scan, field);
    }
    return false;
}

static const struct option_row *
row_find(const struct option_row *rows, size_t count, struct str key)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(str_of(rows[i].name), key)) {
            return &rows[i];
        }
    }
    return NULL;
}

static const char *wanted(enum option_type type)
{
    static const char *const texts[] = {
        [OPTION_BOOL] = "true or false",
        [OPTION_U64] = "a non-negative integer",
        [OPTION_STR] = "a string",
        [OPTION_SLICE] = "a value",
        [OPTION_MATCH] = "exact, prefix or wildcard",
        [OPTION_IDS] = "a list of ids",
        [OPTION_STRS] = "a list of strings",
    };
    return texts[type];
}

bool options_read(struct slice options,
                  const struct option_row *rows,
                  size_t row_count,
                  struct arena *scratch,
                  void *out,
                  struct err *err)
{
    if (options.bytes.len == 0) {
        return true;
    }
    struct scan scan;
    struct str key;
    scan_init(&scan, options.serializer, options.bytes, scratch);
    bool ok = scan_enter_map(&scan);
    while (ok && scan_key(&scan, &key)) {
        const struct option_row *row = row_find(rows, row_count, key);
        if (row == NULL) {
            ok = scan_skip(&scan, NULL);
        } else if (!read_option(&scan, row, (char *)out + row->offset)) {
            return err_set(err, ERR_INVALID, "%s must be %s", row->name, wanted(row->type));
        }
    }
    return !scan_failed(&scan) || err_set(err, ERR_INVALID, "%s", scan.problem);
}
