/* inbox.c - the orders of its two atomic operations.
 *
 * The release of a push pairs with the acquire of a take: what the sender wrote
 * into the message is visible to the receiver. A push that follows another's
 * continues its release sequence (it is a read-modify-write), so taking the
 * newest post acquires all older ones too. There is no ABA: a sender never
 * follows the pointer that it compares, and the receiver takes everything.
 */
#include "loop/inbox.h"

void inbox_init(struct inbox *inbox)
{
    atomic_init(&inbox->head, NULL);
}

bool inbox_push(struct inbox *inbox, struct post *post)
{
    struct post *head = atomic_load_explicit(&inbox->head, memory_order_relaxed);
    do {
        post->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&inbox->head, &head, post, memory_order_release,
                                                    memory_order_relaxed));
    return head == NULL;
}

struct post *inbox_take(struct inbox *inbox)
{
    struct post *newest = atomic_exchange_explicit(&inbox->head, NULL, memory_order_acquire);
    struct post *oldest = NULL;
    while (newest != NULL) {
        struct post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

bool inbox_empty(const struct inbox *inbox)
{
    return atomic_load_explicit(&inbox->head, memory_order_acquire) == NULL;
}
