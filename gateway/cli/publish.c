/* publish.c - postern publish: one event, or one for each line of stdin. */
#include "base/mem.h"
#include "cli/lines.h"
#include "cli/peer.h"
#include "cli/text.h"
#include "cli/wamp_options.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum { UNANSWERED_MAX = 64, POLL_MS = 10 };

struct publisher {
    struct peer_run *run;
    struct arguments arguments;
    struct buf option_text;
    struct slice options;
    struct lines lines;
    struct timer poll; /* until all is written */
    size_t unanswered;
    bool done; /* nothing more will be published */
};

static const struct wamp_option rows[] = {
    WAMP_OPTION("disclose-me", "disclose_me", WAMP_CHOICE, disclose_me),
    WAMP_OPTION("exclude-me", "exclude_me", WAMP_CHOICE, exclude_me),
    WAMP_OPTION("exclude", "exclude", WAMP_IDS, exclude),
    WAMP_OPTION("exclude-authid", "exclude_authid", WAMP_NAMES, exclude_authid),
    WAMP_OPTION("exclude-authrole", "exclude_authrole", WAMP_NAMES, exclude_authrole),
    WAMP_OPTION("eligible", "eligible", WAMP_IDS, eligible),
    WAMP_OPTION("eligible-authid", "eligible_authid", WAMP_NAMES, eligible_authid),
    WAMP_OPTION("eligible-authrole", "eligible_authrole", WAMP_NAMES, eligible_authrole),
    WAMP_OPTION("retain", "retain", WAMP_FLAG, retain),
    WAMP_OPTION("ttl", "_retained_ttl", WAMP_SECONDS, ttl),
    WAMP_PASSTHRU_OPTIONS,
};

/* Leaves once the router has answered everything, or at least has been sent everything. */
static void leave_when_done(struct publisher *publisher)
{
    if (!publisher->done || publisher->unanswered > 0 || peer_leaving(publisher->run)) {
        return;
    }
    if (client_queued(publisher->run->client) > 0) {
        timer_start(&publisher->poll, POLL_MS);
        return;
    }
    peer_leave(publisher->run, EXIT_OK);
}

static void on_poll(struct timer *timer)
{
    leave_when_done(CONTAINER_OF(timer, struct publisher, poll));
}

static bool print_id(uint64_t id)
{
    char text[64];
    int size = snprintf(text, sizeof(text), "{\"publication\":%" PRIu64 "}", id);
    return text_print_line(str_make(text, (size_t)size));
}

static void on_published(void *ctx, const struct client_reply *reply)
{
    struct publisher *publisher = ctx;
    struct peer_run *run = publisher->run;
    publisher->unanswered--;
    if (peer_leaving(run)) {
        return;
    }
    if (!reply->ok) {
        peer_leave(run, peer_complain(reply));
    } else if (run->command->ack == CHOICE_YES && !print_id(reply->id)) {
        peer_leave(run, EXIT_FAILED);
    } else {
        lines_again(&publisher->lines);
        leave_when_done(publisher);
    }
}

static void publish(struct publisher *publisher)
{
    struct peer_run *run = publisher->run;
    bool answered = run->command->ack != CHOICE_NO;
    publisher->unanswered += answered;
    client_publish(run->client, str_of(run->command->words[0]), publisher->options,
                   &publisher->arguments.payload, answered ? on_published : NULL, publisher);
}

static bool lines_ready(void *ctx)
{
    const struct publisher *publisher = ctx;
    return publisher->unanswered < UNANSWERED_MAX && peer_ready(publisher->run);
}

static void line_refused(struct publisher *publisher, size_t number, const char *why)
{
    command_complain("line %zu of stdin %s; what was before it is published", number, why);
    peer_leave(publisher->run, EXIT_INVALID);
}

static void on_line(void *ctx, struct str line, size_t number)
{
    struct publisher *publisher = ctx;
    struct err err;
    if (peer_leaving(publisher->run)) {
        return;
    }
    if (arguments_read_line(line, &publisher->arguments, &err)) {
        publish(publisher);
    } else {
        line_refused(publisher, number, err.text);
    }
}

static void on_lines_end(void *ctx)
{
    struct publisher *publisher = ctx;
    publisher->done = true;
    leave_when_done(publisher);
}

static void on_too_long(void *ctx, size_t number)
{
    line_refused(ctx, number, "is too long");
}

static const struct lines_ops lines_ops = {
    .ready = lines_ready, .on_line = on_line, .on_end = on_lines_end, .on_too_long = on_too_long};

static void on_joined(struct peer_run *run)
{
    struct publisher *publisher = run->task->ctx;
    publisher->run = run;
    timer_init(&publisher->poll, on_poll);
    if (run->command->lines) {
        lines_start(&publisher->lines, &lines_ops, publisher);
        return;
    }
    publish(publisher);
    publisher->done = true;
    leave_when_done(publisher);
}

static void on_over(struct peer_run *run)
{
    struct publisher *publisher = run->task->ctx;
    if (publisher->run != NULL) {
        timer_stop(&publisher->poll);
        lines_stop(&publisher->lines);
    }
}

static int read_command(const struct command *command, struct publisher *publisher)
{
    int code = wamp_options_make(command, rows, COUNT_OF(rows), &publisher->option_text,
                                 &publisher->options);
    if (code == EXIT_OK) {
        code = wamp_option_needs("ttl", command->ttl != NULL, "retain", command->retain);
    }
    if (code == EXIT_OK && command->lines && (command->word_count > 1 || command->kwargs)) {
        command_complain("--lines takes the arguments from stdin: leave those here away");
        code = EXIT_USAGE;
    }
    return code == EXIT_OK ? arguments_read(command, &publisher->arguments) : code;
}

int publish_command(const struct command *command)
{
    struct publisher publisher = {0};
    struct peer_task task = {.promises = CLIENT_TAKES_PASSTHRU,
                             .on_joined = on_joined,
                             .on_over = on_over,
                             .ctx = &publisher};
    arguments_init(&publisher.arguments);
    buf_init(&publisher.option_text, WAMP_OPTIONS_MAX);
    int code = read_command(command, &publisher);
    if (code == EXIT_OK) {
        code = peer_run(command, &task);
    }
    buf_done(&publisher.option_text);
    arguments_done(&publisher.arguments);
    return code;
}
