/* outbox.c - one list of all, one of the events among them. */
#include "tunnel/outbox.h"

void outbox_init(struct outbox *box, size_t messages_max, size_t bytes_max)
{
    *box = (struct outbox){.messages_max = messages_max, .bytes_max = bytes_max};
    list_init(&box->letters);
    list_init(&box->events);
}

static void letter_free(struct letter *letter)
{
    list_remove(&letter->link);
    block_unref(letter->block);
    mem_free(letter);
}

void letters_free(struct list *letters)
{
    while (!list_empty(letters)) {
        letter_free(LIST_ENTRY(letters->next, struct letter, link));
    }
}

void outbox_done(struct outbox *box)
{
    letters_free(&box->letters);
    outbox_init(box, box->messages_max, box->bytes_max);
}

static void count_in(struct outbox *box, const struct letter *letter)
{
    box->count++;
    box->bytes += letter->bytes.len;
    if (letter->is_event) {
        box->event_count++;
        box->event_bytes += letter->bytes.len;
    }
}

/* Out of the outbox, whose caller has it now. */
static void unlink_letter(struct outbox *box, struct letter *letter)
{
    list_remove(&letter->link);
    list_remove(&letter->event);
    box->count--;
    box->bytes -= letter->bytes.len;
    if (letter->is_event) {
        box->event_count--;
        box->event_bytes -= letter->bytes.len;
    }
}

static void drop_event(struct outbox *box, struct letter *letter)
{
    unlink_letter(box, letter);
    letter_free(letter);
    box->dropped++;
}

static bool too_much(const struct outbox *box)
{
    return box->count > box->messages_max || box->bytes > box->bytes_max;
}

static bool make_room(struct outbox *box)
{
    while (too_much(box) && !list_empty(&box->events)) {
        drop_event(box, LIST_ENTRY(box->events.next, struct letter, event));
    }
    return !too_much(box);
}

bool outbox_push(
    struct outbox *box, struct block *block, struct str bytes, bool is_event, uint64_t now_ms)
{
    struct letter *letter = NEW(struct letter);
    *letter =
        (struct letter){.block = block, .bytes = bytes, .at_ms = now_ms, .is_event = is_event};
    list_init(&letter->event);
    list_push(&box->letters, &letter->link);
    if (is_event) {
        list_push(&box->events, &letter->event);
    }
    count_in(box, letter);
    return make_room(box);
}

bool outbox_crowded(const struct outbox *box)
{
    return box->count - box->event_count >= box->messages_max ||
           box->bytes - box->event_bytes >= box->bytes_max;
}

void outbox_take(struct outbox *box, size_t count_max, size_t bytes_max, struct list *out)
{
    size_t count = 0;
    size_t bytes = 0;
    while (!list_empty(&box->letters)) {
        struct letter *letter = LIST_ENTRY(box->letters.next, struct letter, link);
        bytes += letter->bytes.len;
        if (count > 0 && (count >= count_max || bytes > bytes_max)) {
            return;
        }
        unlink_letter(box, letter);
        list_push(out, &letter->link);
        count++;
    }
}

void outbox_put_back(struct outbox *box, struct list *letters)
{
    while (!list_empty(letters)) {
        struct letter *letter = LIST_ENTRY(letters->prev, struct letter, link);
        list_remove(&letter->link);
        list_push_front(&box->letters, &letter->link);
        if (letter->is_event) {
            list_push_front(&box->events, &letter->event);
        }
        count_in(box, letter);
    }
    (void)make_room(box); /* what stays beyond was within the bounds when it came */
}

bool outbox_expire(struct outbox *box, uint64_t before_ms)
{
    while (!list_empty(&box->letters)) {
        struct letter *letter = LIST_ENTRY(box->letters.next, struct letter, link);
        if (letter->at_ms >= before_ms) {
            break;
        }
        if (!letter->is_event) {
            return false;
        }
        drop_event(box, letter);
    }
    return true;
}
