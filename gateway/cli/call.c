/* call.c - postern call: one call, in one piece or in many, whole results or progressive ones. */
#include "base/mem.h"
#include "cli/lines.h"
#include "cli/peer.h"
#include "cli/text.h"
#include "cli/wamp_options.h"
#include "payload/emit.h"

#include <stddef.h>

struct caller {
    struct peer_run *run;
    struct arguments arguments;
    struct buf option_text;
    struct buf piece_text;
    struct slice options; /* of the only piece */
    struct slice opening; /* of the first piece of several */
    uint64_t call;        /* its id, once it is made */
    uint64_t cancel_after_ms;
    struct timer cancel;
    struct lines lines;
    struct arguments next; /* a line that is read */
    bool holding;          /* `arguments` is a piece to send: as the last one, if no more comes */
};

static const struct wamp_option rows[] = {
    WAMP_OPTION("timeout", "timeout", WAMP_MS, timeout),
    WAMP_OPTION("disclose-me", "disclose_me", WAMP_CHOICE, disclose_me),
    WAMP_OPTION("progress", "receive_progress", WAMP_FLAG, progress),
    WAMP_OPTION("stream", "progress", WAMP_FLAG, stream),
    WAMP_OPTION("rkey", "rkey", WAMP_TEXT, rkey),
    WAMP_OPTION_OF("rkey", "runmode", WAMP_FIXED, rkey, "partition"),
    WAMP_PASSTHRU_OPTIONS,
};

static void on_result(void *ctx, const struct client_reply *reply)
{
    struct caller *caller = ctx;
    struct peer_run *run = caller->run;
    if (peer_leaving(run)) {
        return;
    }
    int code = EXIT_OK;
    if (!reply->ok) {
        code = peer_complain(reply);
    } else if (!text_print(&(struct text_line){.payload = &reply->payload,
                                               .detailed = run->command->details,
                                               .details = reply->details})) {
        code = EXIT_FAILED;
    }
    if (reply->more && code == EXIT_OK) {
        return;
    }
    if (reply->more) {
        client_cancel(run->client, caller->call, STR("killnowait"));
    }
    peer_leave(run, code);
}

static void make_call(struct caller *caller, struct slice options)
{
    struct peer_run *run = caller->run;
    caller->call = client_call(run->client, str_of(run->command->words[0]), options,
                               &caller->arguments.payload, on_result, caller);
}

static void send_piece(struct caller *caller, bool last)
{
    struct peer_run *run = caller->run;
    if (caller->call == 0) {
        make_call(caller, last ? caller->options : caller->opening);
        return;
    }
    struct slice progress = {SERIALIZER_JSON, STR("{\"progress\":true}")};
    if (!client_call_piece(run->client, caller->call, str_of(run->command->words[0]),
                           last ? (struct slice){0} : progress, &caller->arguments.payload)) {
        command_complain("a piece is larger than the router takes: the call is canceled");
        client_cancel(run->client, caller->call, STR("killnowait"));
        peer_leave(run, EXIT_FAILED);
    }
}

static bool stream_ready(void *ctx)
{
    const struct caller *caller = ctx;
    return peer_ready(caller->run);
}

static void stream_refused(struct caller *caller, size_t number, const char *why)
{
    command_complain("line %zu of stdin %s: the call is canceled", number, why);
    if (caller->call != 0) {
        client_cancel(caller->run->client, caller->call, STR("killnowait"));
    }
    peer_leave(caller->run, EXIT_INVALID);
}

static void on_line(void *ctx, struct str line, size_t number)
{
    struct caller *caller = ctx;
    struct err err;
    if (peer_leaving(caller->run)) {
        return;
    }
    if (!arguments_read_line(line, &caller->next, &err)) {
        stream_refused(caller, number, err.text);
        return;
    }
    if (caller->holding) {
        send_piece(caller, false);
    }
    struct arguments held = caller->arguments;
    caller->arguments = caller->next;
    caller->next = held;
    caller->holding = true;
}

static void on_lines_end(void *ctx)
{
    struct caller *caller = ctx;
    if (peer_leaving(caller->run)) {
        return;
    }
    if (caller->holding) {
        send_piece(caller, true);
    } else {
        command_complain("--stream: there is no line on stdin; say postern call without it");
        peer_leave(caller->run, EXIT_INVALID);
    }
}

static void on_too_long(void *ctx, size_t number)
{
    stream_refused(ctx, number, "is too long");
}

static const struct lines_ops stream_ops = {
    .ready = stream_ready, .on_line = on_line, .on_end = on_lines_end, .on_too_long = on_too_long};

static void on_cancel(struct timer *timer)
{
    struct caller *caller = CONTAINER_OF(timer, struct caller, cancel);
    const char *mode = caller->run->command->cancel_mode;
    lines_stop(&caller->lines);
    if (caller->call != 0 && !peer_leaving(caller->run)) {
        client_cancel(caller->run->client, caller->call,
                      mode != NULL ? str_of(mode) : STR("killnowait"));
    } else if (!peer_leaving(caller->run)) {
        command_complain("canceled before the call was made");
        peer_leave(caller->run, EXIT_FAILED);
    }
}

static void on_signal(struct peer_run *run)
{
    struct caller *caller = run->task->ctx;
    if (caller->call != 0 && run->client != NULL) {
        client_cancel(run->client, caller->call, STR("killnowait"));
    }
    command_complain("interrupted: the call is canceled");
    peer_leave(run, EXIT_FAILED);
}

static void on_joined(struct peer_run *run)
{
    struct caller *caller = run->task->ctx;
    caller->run = run;
    timer_init(&caller->cancel, on_cancel);
    if (run->command->cancel_after != NULL) {
        timer_start(&caller->cancel, caller->cancel_after_ms);
    }
    if (run->command->stream) {
        lines_start(&caller->lines, &stream_ops, caller);
    } else {
        make_call(caller, caller->options);
    }
}

static void on_over(struct peer_run *run)
{
    struct caller *caller = run->task->ctx;
    if (caller->run != NULL) {
        timer_stop(&caller->cancel);
        lines_stop(&caller->lines);
    }
}

static int read_command(const struct command *command, struct caller *caller)
{
    static const struct wamp_option mode[] = {
        WAMP_OPTION_OF("cancel-mode", "mode", WAMP_WORD, cancel_mode, "skip kill killnowait")};
    struct command whole = *command;
    struct slice ignored;
    whole.stream = false;
    int code = wamp_option_ms("cancel-after", command->cancel_after, &caller->cancel_after_ms);
    if (code == EXIT_OK) {
        code = wamp_option_needs("cancel-mode", command->cancel_mode != NULL, "cancel-after",
                                 command->cancel_after != NULL);
    }
    if (code == EXIT_OK) {
        code = wamp_options_make(command, mode, COUNT_OF(mode), &caller->piece_text, &ignored);
        buf_clear(&caller->piece_text);
    }
    if (code == EXIT_OK) {
        code =
            wamp_options_make(&whole, rows, COUNT_OF(rows), &caller->option_text, &caller->options);
    }
    if (code == EXIT_OK) {
        code =
            wamp_options_make(command, rows, COUNT_OF(rows), &caller->piece_text, &caller->opening);
    }
    if (code == EXIT_OK && command->stream && (command->word_count > 1 || command->kwargs)) {
        command_complain("--stream takes the arguments from stdin: leave those here away");
        code = EXIT_USAGE;
    }
    return code == EXIT_OK ? arguments_read(command, &caller->arguments) : code;
}

int call_command(const struct command *command)
{
    struct caller caller = {0};
    struct peer_task task = {.promises = CLIENT_TAKES_PASSTHRU,
                             .on_joined = on_joined,
                             .on_signal = on_signal,
                             .on_over = on_over,
                             .ctx = &caller};
    arguments_init(&caller.arguments);
    arguments_init(&caller.next);
    buf_init(&caller.option_text, WAMP_OPTIONS_MAX);
    buf_init(&caller.piece_text, WAMP_OPTIONS_MAX);
    int code = read_command(command, &caller);
    if (code == EXIT_OK) {
        code = peer_run(command, &task);
    }
    buf_done(&caller.option_text);
    buf_done(&caller.piece_text);
    arguments_done(&caller.arguments);
    arguments_done(&caller.next);
    return code;
}
