/* list.h - an intrusive, circular, doubly linked list.
 *
 * The head is a node of its own. A node is in at most one list; list_remove
 * leaves it pointing at itself, so removing twice is harmless.
 */
#ifndef POSTERN_BASE_LIST_H
#define POSTERN_BASE_LIST_H

#include "base/mem.h"

#include <stdbool.h>

struct list {
    struct list *next;
    struct list *prev;
};

static inline void list_init(struct list *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_insert_between(struct list *node, struct list *prev, struct list *next)
{
    node->prev = prev;
    node->next = next;
    prev->next = node;
    next->prev = node;
}

static inline void list_push(struct list *head, struct list *node) /* at the end */
{
    list_insert_between(node, head->prev, head);
}

static inline void list_push_front(struct list *head, struct list *node)
{
    list_insert_between(node, head, head->next);
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

#define LIST_ENTRY(node, type, member) CONTAINER_OF(node, type, member)

// NOLINTBEGIN(bugprone-macro-parentheses): a declared name takes none
/* The loop body may not remove the current node; LIST_FOREACH_SAFE's may. */
#define LIST_FOREACH(node, head) \
    for (struct list *node = (head)->next; node != (head); node = node->next)
#define LIST_FOREACH_SAFE(node, head)                                                 \
    for (struct list *node = (head)->next, *node##_next = node->next; node != (head); \
         node = node##_next, node##_next = node->next)
// NOLINTEND(bugprone-macro-parentheses)

#endif
