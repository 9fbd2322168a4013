/* subscribe.c - postern subscribe: events of one topic or several, a line each.
 *
 * With --history what came before is printed first: events that come while the answer is under
 * way wait for it, and those that the answer has already told are not told again. */
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "cli/peer.h"
#include "cli/text.h"
#include "cli/wamp_options.h"
#include "wamp/options.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum {
    LINE_MAX_BYTES = 4 * TEXT_MAX,
    HISTORY_MAX = 10000,
    HELD_MAX_BYTES = 256 << 20,
    SCRATCH_MAX = 1 << 26,
};

struct subscriber;

/* An event that waits for the history to be told. */
struct held {
    struct list link;
    uint64_t publication;
    struct buf text;
};

struct topic {
    struct subscriber *subscriber;
    const char *uri;
    uint64_t id; /* 0: not subscribed */
    bool asking; /* for its history */
    struct list held;
    struct idmap told; /* publications of the history */
};

struct subscriber {
    struct peer_run *run;
    struct buf option_text;
    struct slice options;
    uint64_t left; /* events to come; 0: no end */
    uint64_t history;
    size_t held_bytes; /* of events that wait */
    struct arena scratch;
    struct topic *topics;
    size_t count;
};

static const struct wamp_option rows[] = {
    WAMP_OPTION_OF("match", "match", WAMP_WORD, match, WAMP_MATCHES),
    WAMP_OPTION("get-retained", "get_retained", WAMP_FLAG, get_retained),
};

/* One event is out; maybe it was the last one. */
static void count_event(struct subscriber *subscriber, bool printed)
{
    if (!printed) {
        peer_leave(subscriber->run, EXIT_FAILED);
    } else if (subscriber->left > 0 && --subscriber->left == 0) {
        peer_leave(subscriber->run, EXIT_OK);
    }
}

/* The URI of the event: the router tells it where the subscription is to a pattern. */
static struct str topic_uri(struct topic *topic, struct slice details)
{
    static const struct option_row topic_row[] = {{"topic", OPTION_STR, 0}};
    struct str uri = STR_EMPTY;
    struct err ignored;
    arena_reset(&topic->subscriber->scratch);
    if (details.bytes.len > 0) {
        (void)options_read(details, topic_row, COUNT_OF(topic_row), &topic->subscriber->scratch,
                           &uri, &ignored);
    }
    return uri.len > 0 ? uri : str_of(topic->uri);
}

static bool write_event(struct topic *topic,
                        uint64_t publication,
                        struct slice details,
                        const struct payload *payload,
                        struct buf *out)
{
    bool detailed = topic->subscriber->run->command->details;
    struct text_line line = {.topic = topic_uri(topic, details),
                             .payload = payload,
                             .publication = detailed ? publication : 0,
                             .detailed = detailed,
                             .details = details};
    bool fine = text_write(&line, out);
    if (!fine) {
        command_complain("an event of " PRISTR " that JSON cannot express is left out",
                         STRARG(line.topic));
    }
    return fine;
}

static struct topic *topic_find(struct subscriber *subscriber, uint64_t id)
{
    for (size_t i = 0; i < subscriber->count; i++) {
        if (subscriber->topics[i].id == id) {
            return &subscriber->topics[i];
        }
    }
    return NULL;
}

/* Takes `text` over. */
static void hold(struct topic *topic, uint64_t publication, struct buf text)
{
    struct subscriber *subscriber = topic->subscriber;
    struct held *held = NEW(struct held);
    held->publication = publication;
    held->text = text;
    list_push(&topic->held, &held->link);
    subscriber->held_bytes += text.len + sizeof(*held);
    if (subscriber->held_bytes > HELD_MAX_BYTES) {
        command_complain("too many events before the history of %s has come: leave --history away",
                         topic->uri);
        peer_leave(subscriber->run, EXIT_FAILED);
    }
}

static void on_event(struct peer_run *run, const struct client_event *event)
{
    struct subscriber *subscriber = run->task->ctx;
    struct topic *topic = topic_find(subscriber, event->subscription);
    struct buf text;
    if (peer_leaving(run) || topic == NULL ||
        idmap_remove(&topic->told, event->publication) != NULL) {
        return;
    }
    buf_init(&text, LINE_MAX_BYTES);
    if (!write_event(topic, event->publication, event->details, &event->payload, &text)) {
        buf_done(&text);
    } else if (topic->asking) {
        hold(topic, event->publication, text);
    } else {
        bool printed = text_print_line(buf_str(&text));
        buf_done(&text);
        count_event(subscriber, printed);
    }
}

static void held_free(struct held *held)
{
    list_remove(&held->link);
    buf_done(&held->text);
    mem_free(held);
}

static void tell_held(struct topic *topic)
{
    LIST_FOREACH_SAFE (node, &topic->held) {
        struct held *held = LIST_ENTRY(node, struct held, link);
        bool told = idmap_remove(&topic->told, held->publication) != NULL;
        if (!told && !peer_leaving(topic->subscriber->run)) {
            count_event(topic->subscriber, text_print_line(buf_str(&held->text)));
        }
        topic->subscriber->held_bytes -= held->text.len + sizeof(*held);
        held_free(held);
    }
}

static void tell_past(struct topic *topic, struct slice event)
{
    static const struct option_row publication_row[] = {{"publication", OPTION_U64, 0}};
    uint64_t publication = 0;
    struct err ignored;
    struct buf text;
    struct slice args = slice_get(event, STR("args"));
    struct slice kwargs = slice_get(event, STR("kwargs"));
    struct payload payload = {
        .serializer = event.serializer, .args = args.bytes, .kwargs = kwargs.bytes};
    arena_reset(&topic->subscriber->scratch);
    if (!options_read(event, publication_row, COUNT_OF(publication_row),
                      &topic->subscriber->scratch, &publication, &ignored) ||
        publication == 0) {
        return;
    }
    (void)idmap_put(&topic->told, publication, topic);
    buf_init(&text, LINE_MAX_BYTES);
    if (write_event(topic, publication, slice_get(event, STR("details")), &payload, &text)) {
        count_event(topic->subscriber, text_print_line(buf_str(&text)));
    }
    buf_done(&text);
}

/* The answer is a list with the last event first. */
static void tell_history(struct topic *topic, const struct payload *answer)
{
    struct slice list = {answer->serializer, answer->args};
    size_t count = list.bytes.len > 0 ? slice_count(list) : 0;
    struct slice *events = NEW_ARRAY(struct slice, count + 1);
    struct scan scan;
    size_t found = 0;
    scan_init(&scan, list.serializer, list.bytes, NULL);
    if (count > 0 && scan_enter_list(&scan)) {
        while (found < count && scan_more(&scan)) {
            events[found].serializer = list.serializer;
            (void)scan_skip(&scan, &events[found].bytes);
            found++;
        }
    }
    while (found > 0 && !peer_leaving(topic->subscriber->run)) {
        found--;
        if (slice_kind(events[found]) == SCAN_MAP) {
            tell_past(topic, events[found]);
        }
    }
    mem_free(events);
}

static void on_history(void *ctx, const struct client_reply *reply)
{
    struct topic *topic = ctx;
    topic->asking = false;
    if (peer_leaving(topic->subscriber->run)) {
        return;
    }
    if (!reply->ok) {
        command_complain("no history of %s: leave --history away, or ask for the right to call "
                         "wamp.subscription.get_events",
                         topic->uri);
        peer_leave(topic->subscriber->run, peer_complain(reply));
        return;
    }
    tell_history(topic, &reply->payload);
    tell_held(topic);
}

static void ask_history(struct topic *topic)
{
    struct buf args;
    struct buf kwargs;
    buf_init(&args, WAMP_OPTIONS_MAX);
    buf_init(&kwargs, WAMP_OPTIONS_MAX);
    (void)buf_printf(&args, "[%" PRIu64 "]", topic->id);
    (void)buf_printf(&kwargs, "{\"limit\":%" PRIu64 ",\"reverse\":true}",
                     topic->subscriber->history);
    struct payload payload = {
        .serializer = SERIALIZER_JSON, .args = buf_str(&args), .kwargs = buf_str(&kwargs)};
    topic->asking = true;
    (void)client_call(topic->subscriber->run->client, STR("wamp.subscription.get_events"),
                      (struct slice){0}, &payload, on_history, topic);
    buf_done(&args);
    buf_done(&kwargs);
}

static void on_subscribed(void *ctx, const struct client_reply *reply)
{
    struct topic *topic = ctx;
    struct peer_run *run = topic->subscriber->run;
    if (peer_leaving(run)) {
        return;
    }
    if (!reply->ok) {
        command_complain("cannot subscribe to %s", topic->uri);
        peer_leave(run, peer_complain(reply));
        return;
    }
    if (topic_find(topic->subscriber, reply->id) != NULL) {
        return; /* the same URI twice */
    }
    topic->id = reply->id;
    (void)fprintf(stderr, "subscribed %s\n", topic->uri);
    if (topic->subscriber->history > 0) {
        ask_history(topic);
    }
}

static void on_joined(struct peer_run *run)
{
    struct subscriber *subscriber = run->task->ctx;
    subscriber->run = run;
    for (size_t i = 0; i < subscriber->count; i++) {
        struct topic *topic = &subscriber->topics[i];
        client_subscribe(run->client, str_of(topic->uri), subscriber->options, on_subscribed,
                         topic);
    }
}

static void on_revoked(struct peer_run *run, const struct client_revocation *revocation)
{
    struct subscriber *subscriber = run->task->ctx;
    struct topic *topic = topic_find(subscriber, revocation->id);
    size_t left = 0;
    if (revocation->registration || topic == NULL || peer_leaving(run)) {
        return;
    }
    bool reasoned = revocation->reason.len > 0;
    command_complain("the subscription to %s was revoked%s" PRISTR
                     "; subscribe again if you still may",
                     topic->uri, reasoned ? ": " : "", STRARG(revocation->reason));
    topic->id = 0;
    for (size_t i = 0; i < subscriber->count; i++) {
        left += subscriber->topics[i].id != 0;
    }
    if (left == 0) {
        peer_leave(run, EXIT_FAILED);
    }
}

static void on_signal(struct peer_run *run)
{
    const struct subscriber *subscriber = run->task->ctx;
    if (subscriber->left > 0) {
        command_complain("interrupted: %" PRIu64 " more events were wanted", subscriber->left);
    }
    peer_leave(run, subscriber->left > 0 ? EXIT_FAILED : EXIT_OK);
}

static int read_command(const struct command *command, struct subscriber *subscriber)
{
    int code = wamp_option_number("count", command->count, &subscriber->left);
    if (code == EXIT_OK) {
        code = wamp_option_number("history", command->history, &subscriber->history);
    }
    if (code == EXIT_OK && subscriber->history > HISTORY_MAX) {
        command_complain("--history is %d at most", HISTORY_MAX);
        code = EXIT_USAGE;
    }
    if (code != EXIT_OK) {
        return code;
    }
    return wamp_options_make(command, rows, COUNT_OF(rows), &subscriber->option_text,
                             &subscriber->options);
}

int subscribe_command(const struct command *command)
{
    struct subscriber subscriber = {.count = command->word_count};
    struct peer_task task = {.promises = CLIENT_TAKES_PASSTHRU,
                             .on_joined = on_joined,
                             .on_event = on_event,
                             .on_revoked = on_revoked,
                             .on_signal = on_signal,
                             .ctx = &subscriber};
    subscriber.topics = NEW_ARRAY(struct topic, subscriber.count);
    arena_init(&subscriber.scratch, SCRATCH_MAX);
    buf_init(&subscriber.option_text, WAMP_OPTIONS_MAX);
    for (size_t i = 0; i < subscriber.count; i++) {
        subscriber.topics[i] = (struct topic){.subscriber = &subscriber, .uri = command->words[i]};
        list_init(&subscriber.topics[i].held);
        idmap_init(&subscriber.topics[i].told);
    }
    int code = read_command(command, &subscriber);
    if (code == EXIT_OK) {
        code = peer_run(command, &task);
    }
    for (size_t i = 0; i < subscriber.count; i++) {
        LIST_FOREACH_SAFE (node, &subscriber.topics[i].held) {
            held_free(LIST_ENTRY(node, struct held, link));
        }
        idmap_done(&subscriber.topics[i].told);
    }
    mem_free(subscriber.topics);
    arena_done(&subscriber.scratch);
    buf_done(&subscriber.option_text);
    return code;
}
