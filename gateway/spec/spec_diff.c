#include "spec/spec_diff.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { DIFFERENCES_MAX = 1000, POINTER_MAX = 64 << 10, DEPTH_MAX = 100 };

struct differ {
    json_t *list;
    struct buf pointer; /* of what is being compared */
};

static void compare(struct differ *differ, json_t *before, json_t *after, unsigned depth);

/* RFC 6901. */
static void put_step(struct buf *out, const char *step)
{
    (void)buf_byte(out, '/');
    for (; *step != '\0'; step++) {
        if (*step == '~' || *step == '/') {
            (void)buf_append(out, *step == '~' ? STR("~0") : STR("~1"));
        } else {
            (void)buf_byte(out, *step);
        }
    }
}

static void
compare_at(struct differ *differ, const char *step, json_t *before, json_t *after, unsigned depth)
{
    size_t len = differ->pointer.len;
    put_step(&differ->pointer, step);
    compare(differ, before, after, depth + 1);
    differ->pointer.len = len;
}

static void note(struct differ *differ, json_t *before, json_t *after)
{
    struct str pointer = buf_str(&differ->pointer);
    if (json_array_size(differ->list) == DIFFERENCES_MAX) {
        return;
    }
    json_t *one = json_pack("{s:s%, s:s}", "pointer", pointer.ptr == NULL ? "" : pointer.ptr,
                            pointer.len, "change",
                            before == NULL  ? "added"
                            : after == NULL ? "removed"
                                            : "changed");
    if (before != NULL) {
        (void)json_object_set(one, "before", before);
    }
    if (after != NULL) {
        (void)json_object_set(one, "after", after);
    }
    (void)json_array_append_new(differ->list, one);
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(str_of(*(const char *const *)a), str_of(*(const char *const *)b));
}

static void compare_objects(struct differ *differ, json_t *before, json_t *after, unsigned depth)
{
    size_t count = 0;
    const char *key = NULL;
    json_t *value = NULL;
    const char **keys =
        NEW_ARRAY(const char *, json_object_size(before) + json_object_size(after) + 1);
    json_object_foreach(before, key, value)
    {
        keys[count++] = key;
    }
    json_object_foreach(after, key, value)
    {
        if (json_object_get(before, key) == NULL) {
            keys[count++] = key;
        }
    }
    qsort(keys, count, sizeof(*keys), by_name);
    for (size_t i = 0; i < count; i++) {
        compare_at(differ, keys[i], json_object_get(before, keys[i]),
                   json_object_get(after, keys[i]), depth);
    }
    mem_free(keys);
}

static void compare_lists(struct differ *differ, json_t *before, json_t *after, unsigned depth)
{
    size_t count = json_array_size(before) > json_array_size(after) ? json_array_size(before)
                                                                    : json_array_size(after);
    for (size_t i = 0; i < count; i++) {
        char step[24];
        (void)snprintf(step, sizeof(step), "%zu", i);
        compare_at(differ, step, json_array_get(before, i), json_array_get(after, i), depth);
    }
}

static void compare(struct differ *differ, json_t *before, json_t *after, unsigned depth)
{
    if (before == NULL || after == NULL || depth > DEPTH_MAX) {
        if (before != NULL || after != NULL) {
            note(differ, before, after);
        }
    } else if (json_is_object(before) && json_is_object(after)) {
        compare_objects(differ, before, after, depth);
    } else if (json_is_array(before) && json_is_array(after)) {
        compare_lists(differ, before, after, depth);
    } else if (!json_equal(before, after)) {
        note(differ, before, after);
    }
}

json_t *spec_diff(const json_t *before, const json_t *after)
{
    struct differ differ = {.list = json_array()};
    buf_init(&differ.pointer, POINTER_MAX);
    /* Only read. */
    compare(&differ, (json_t *)(uintptr_t)before, (json_t *)(uintptr_t)after, 0);
    buf_done(&differ.pointer);
    return differ.list;
}
