/* id_list.h - ids in a row, growing. Plain value; one thread. */
#ifndef POSTERN_REALM_ID_LIST_H
#define POSTERN_REALM_ID_LIST_H

#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

struct id_list {
    uint64_t *ids;
    size_t count;
    size_t cap;
};

static inline void id_list_push(struct id_list *list, uint64_t id)
{
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 16 : list->cap * 2;
        list->ids = mem_realloc(list->ids, list->cap * sizeof(list->ids[0]));
    }
    list->ids[list->count] = id;
    list->count++;
}

static inline void id_list_done(struct id_list *list)
{
    mem_free(list->ids);
    *list = (struct id_list){0};
}

#endif
