/* model_books.h - what clients can know for sure, whatever races: for test_model_races.c.
 *
 * Each client keeps books of what it has asked and heard. A mistake is what no order of events
 * could explain: two answers, an event after UNSUBSCRIBED, an invocation out of number. When
 * nothing is under way any more, the books of all must agree.
 */
#ifndef POSTERN_TESTS_MODEL_BOOKS_H
#define POSTERN_TESTS_MODEL_BOOKS_H

#include "model_rig.h"
#include "realm/peer_features.h"
#include "wamp/message.h"

enum {
    BOOK_CALLS = 4096,
    BOOK_INVOCATIONS = 4096,
    BOOK_IDS = 32,
    BOOK_OWED = 4096,
    BOOK_TOPICS = 4,
    GATEWAY = PLAYERS, /* as a caller: the in-process peer */
};

struct book_call {
    unsigned caller;
    uint64_t session;
    uint64_t request;
    bool open;
    bool progress;
    bool more;
    bool skipped; /* its callee has not been told that it is over */
    bool killed;  /* its callee is to be told, and its answer still wanted */
    unsigned pieces;
    const char *uri;
    struct local_handle handle; /* of the gateway's */
};

struct book_invocation {
    uint64_t tag;
    bool open;
    bool interrupted;
    unsigned pieces;
};

struct book_membership {
    uint64_t id;
    const char *uri;
    unsigned match;
    uint64_t last[PLAYERS][BOOK_TOPICS]; /* tag of the last event from a publisher */
};

struct book {
    bool connected;
    bool joined;
    uint64_t session;
    unsigned features;
    uint64_t last_request;
    struct book_invocation invocations[BOOK_INVOCATIONS];
    uint64_t last_invocation;
    uint64_t offers[BOOK_IDS];
    unsigned offer_count;
    struct book_membership memberships[BOOK_IDS];
    unsigned membership_count;
    /* Of the SUBSCRIBE that is answered now. */
    const char *uri;
    unsigned match;
    uint64_t fresh; /* the subscription that is new with this step, or 0 */
};

/* An event that must come, unless the subscription ends. */
struct book_owed {
    unsigned player;
    uint64_t subscription;
    uint64_t tag;
};

struct books {
    struct rig *rig;
    struct book all[PLAYERS];
    struct book_call calls[BOOK_CALLS]; /* by tag */
    uint64_t tags;
    uint64_t event_tags;
    struct book_owed owed[BOOK_OWED];
    unsigned owed_count;
};

static const char *const book_topics[BOOK_TOPICS] = {"a.b.c", "a.b.d", "a.x.c", "a.b"};

static inline void books_fail(struct books *books, unsigned player, const char *what, uint64_t id)
{
    rig_fail(books->rig, "p%u: %s (%llu)", player, what, (unsigned long long)id);
}

/* CALLS */

static inline struct book_call *
book_call_by_request(struct books *books, unsigned player, uint64_t request)
{
    for (uint64_t i = 1; i <= books->tags; i++) {
        struct book_call *call = &books->calls[i];
        if (call->caller == player && call->request == request &&
            call->session == books->all[player].session) {
            return call;
        }
    }
    return NULL;
}

static inline void
book_answer(struct books *books, unsigned player, uint64_t request, bool progress)
{
    struct book_call *call = book_call_by_request(books, player, request);
    if (call == NULL || !call->open) {
        books_fail(books, player, "an answer to a call that is not open", request);
        return;
    }
    if (progress && !call->progress) {
        books_fail(books, player, "a progressive result that nobody asked for", request);
    }
    call->open = progress;
}

static inline bool book_offers(const struct book *book, uint64_t id)
{
    for (unsigned i = 0; i < book->offer_count; i++) {
        if (book->offers[i] == id) {
            return true;
        }
    }
    return false;
}

static inline void book_offer_ends(struct book *book, uint64_t id)
{
    for (unsigned i = 0; i < book->offer_count; i++) {
        if (book->offers[i] == id) {
            book->offers[i] = book->offers[--book->offer_count];
            return;
        }
    }
}

/* `args`: the call's tag, and the number of the piece. */
static inline void book_piece(struct books *books, unsigned player, uint64_t id, const json_t *args)
{
    struct book_invocation *invocation = &books->all[player].invocations[id];
    invocation->pieces++;
    if (invocation->tag != number_in(args, 0) || invocation->pieces != number_in(args, 1)) {
        books_fail(books, player, "a piece of another call, or one that is not next", id);
    }
}

static inline void book_invoked(struct books *books, unsigned player, const json_t *message)
{
    struct book *book = &books->all[player];
    uint64_t id = number_in(message, 1);
    const json_t *args = json_array_get(message, 4);
    if (id <= book->last_invocation) {
        if (!book->invocations[id].open) {
            books_fail(books, player, "a piece of what is over", id);
        }
        book_piece(books, player, id, args);
        return;
    }
    if (id != book->last_invocation + 1 || id >= BOOK_INVOCATIONS) {
        books_fail(books, player, "an invocation out of number", id);
    }
    if (!book_offers(book, number_in(message, 2))) {
        books_fail(books, player, "an invocation of what it does not offer", id);
    }
    book->last_invocation = id;
    book->invocations[id] = (struct book_invocation){.tag = number_in(args, 0), .open = true};
    book_piece(books, player, id, args);
}

static inline void book_interrupted(struct books *books, unsigned player, const json_t *message)
{
    struct book *book = &books->all[player];
    uint64_t id = number_in(message, 1);
    const char *mode = json_string_value(json_object_get(json_array_get(message, 2), "mode"));
    if (id == 0 || id > book->last_invocation || !book->invocations[id].open) {
        books_fail(books, player, "an interrupt of what is over", id);
    }
    if ((book->features & CALLEE_CANCELING) == 0) {
        books_fail(books, player, "an interrupt that it does not understand", id);
    }
    book->invocations[id].interrupted = true;
    if (strcmp(mode, "kill") != 0) {
        book->invocations[id].open = false;
    }
}

/* EVENTS */

static inline struct book_membership *book_membership(struct book *book, uint64_t id)
{
    for (unsigned i = 0; i < book->membership_count; i++) {
        if (book->memberships[i].id == id) {
            return &book->memberships[i];
        }
    }
    return NULL;
}

static inline void book_subscribed(struct book *book, uint64_t id)
{
    if (book_membership(book, id) == NULL) {
        book->memberships[book->membership_count++] =
            (struct book_membership){.id = id, .uri = book->uri, .match = book->match};
        book->fresh = id;
    }
}

static inline void book_not_owed(struct books *books, unsigned player, uint64_t subscription)
{
    for (unsigned i = books->owed_count; i > 0; i--) {
        struct book_owed *owed = &books->owed[i - 1];
        if (owed->player == player && (subscription == 0 || owed->subscription == subscription)) {
            *owed = books->owed[--books->owed_count];
        }
    }
}

static inline void book_unsubscribed(struct books *books, unsigned player, uint64_t id)
{
    struct book *book = &books->all[player];
    struct book_membership *membership = book_membership(book, id);
    if (membership != NULL) {
        *membership = book->memberships[--book->membership_count];
    }
    book_not_owed(books, player, id);
}

static inline unsigned topic_index(const char *topic)
{
    unsigned at = 0;
    while (at < BOOK_TOPICS - 1 && strcmp(book_topics[at], topic) != 0) {
        at++;
    }
    return at;
}

static inline void book_event(struct books *books, unsigned player, const json_t *message)
{
    struct book *book = &books->all[player];
    uint64_t id = number_in(message, 1);
    const json_t *details = json_array_get(message, 3);
    const json_t *args = json_array_get(message, 4);
    uint64_t tag = number_in(args, 0);
    uint64_t publisher = number_in(args, 1);
    struct book_membership *membership = book_membership(book, id);
    if (membership == NULL) {
        books_fail(books, player, "an event of no subscription", id);
        return;
    }
    unsigned topic = topic_index(json_string_value(json_object_get(details, "topic")));
    uint64_t *last = &membership->last[publisher][topic];
    if (json_is_true(json_object_get(details, "retained"))) {
        *last = book->fresh == id && tag > *last ? tag : *last;
        return;
    }
    if (tag <= *last) {
        books_fail(books, player, "an event twice, or after one that was published later", tag);
    }
    *last = tag;
    for (unsigned i = 0; i < books->owed_count; i++) {
        struct book_owed *owed = &books->owed[i];
        if (owed->player == player && owed->subscription == id && owed->tag == tag) {
            *owed = books->owed[--books->owed_count];
            return;
        }
    }
}

/* SESSIONS */

static inline void book_ends(struct books *books, unsigned player)
{
    struct book *book = &books->all[player];
    for (uint64_t i = 1; i <= books->tags; i++) {
        if (books->calls[i].caller == player && books->calls[i].session == book->session) {
            books->calls[i].open = false;
        }
    }
    for (uint64_t i = 1; i <= book->last_invocation; i++) {
        book->invocations[i].open = false;
    }
    book_not_owed(books, player, 0);
    book->joined = false;
    book->session = 0;
    book->last_request = 0;
    book->last_invocation = 0;
    book->offer_count = 0;
    book->membership_count = 0;
}

/* What follows a request of its own without any other worker; others are counted as they come. */
static inline void book_answered(struct books *books, unsigned player, const json_t *message)
{
    struct book *book = &books->all[player];
    bool told = number_in(message, 1) == 0; /* not asked for */
    const json_t *details = json_array_get(message, 2);
    switch (number_in(message, 0)) {
    case MESSAGE_REGISTERED:
        book->offers[book->offer_count++] = number_in(message, 2);
        break;
    case MESSAGE_UNREGISTERED:
        if (told) {
            book_offer_ends(book,
                            (uint64_t)json_integer_value(json_object_get(details, "registration")));
        }
        break;
    case MESSAGE_SUBSCRIBED:
        book_subscribed(book, number_in(message, 2));
        break;
    case MESSAGE_UNSUBSCRIBED:
        if (told) {
            book_unsubscribed(
                books, player,
                (uint64_t)json_integer_value(json_object_get(details, "subscription")));
        }
        break;
    default:
        books_fail(books, player, "this is never sent", number_in(message, 0));
    }
}

static inline void book_hear(struct books *books, unsigned player, const json_t *message)
{
    struct book *book = &books->all[player];
    uint64_t type = number_in(message, 0);
    if (!book->joined && type != MESSAGE_WELCOME) {
        books_fail(books, player, "heard something outside of a session", type);
    }
    switch (type) {
    case MESSAGE_WELCOME:
        book->joined = true;
        book->session = number_in(message, 1);
        break;
    case MESSAGE_GOODBYE:
        book_ends(books, player);
        break;
    case MESSAGE_INVOCATION:
        book_invoked(books, player, message);
        break;
    case MESSAGE_INTERRUPT:
        book_interrupted(books, player, message);
        break;
    case MESSAGE_EVENT:
        book_event(books, player, message);
        break;
    case MESSAGE_RESULT:
        book_answer(books, player, number_in(message, 1),
                    json_is_true(json_object_get(json_array_get(message, 2), "progress")));
        break;
    case MESSAGE_ERROR:
        if (number_in(message, 1) == MESSAGE_CALL) {
            book_answer(books, player, number_in(message, 2), false);
        }
        break;
    default:
        book_answered(books, player, message);
    }
}

static inline void books_hear(struct books *books)
{
    rig_listen(books->rig);
    for (unsigned i = 0; i < PLAYERS; i++) {
        for (size_t k = 0; k < books->rig->mouths[i].heard_count; k++) {
            book_hear(books, i, books->rig->mouths[i].heard[k]);
        }
        books->all[i].fresh = 0;
    }
    rig_forget_heard(books->rig);
}

/* One that is being worked on. */
static inline void
book_agrees(struct books *books, unsigned player, const struct book_invocation *invocation)
{
    const struct book_call *call = &books->calls[invocation->tag];
    bool can_interrupt = (books->all[player].features & CALLEE_CANCELING) != 0;
    if (!call->open && !call->skipped && can_interrupt) {
        books_fail(books, player, "it works for nobody, and has not been told", invocation->tag);
    }
    if (call->open && call->killed && !invocation->interrupted) {
        books_fail(books, player, "its call was killed, and it has not been told", invocation->tag);
    }
    if (call->open && call->pieces != invocation->pieces) {
        books_fail(books, player, "it has not had all pieces of a call", invocation->tag);
    }
}

/* Nothing is under way: each open call is with one callee, and nobody works for nothing. */
static inline void books_agree(struct books *books)
{
    static unsigned working[BOOK_CALLS];
    memset(working, 0, sizeof(working));
    for (unsigned i = 0; i < PLAYERS; i++) {
        const struct book *book = &books->all[i];
        for (uint64_t k = 1; k <= book->last_invocation; k++) {
            if (book->invocations[k].open) {
                working[book->invocations[k].tag]++;
                book_agrees(books, i, &book->invocations[k]);
            }
        }
    }
    for (uint64_t tag = 1; tag <= books->tags; tag++) {
        if (books->calls[tag].open && working[tag] != 1) {
            rig_fail(books->rig, "call %llu is open and %u callees work on it",
                     (unsigned long long)tag, working[tag]);
        }
    }
    if (books->owed_count > 0) {
        books_fail(books, books->owed[0].player, "an event that never came", books->owed[0].tag);
    }
}

#endif
