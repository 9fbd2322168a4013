/* text.h - payloads as text: what people type and what is printed, always JSON.
 *
 * Printed is one line, {"args":[...],"kwargs":{...}}, with more members where there
 * is more to tell. A line that is read is a JSON value, the one argument; or, so that
 * what one command prints another can read, an object of args, kwargs or both.
 */
#ifndef POSTERN_CLI_TEXT_H
#define POSTERN_CLI_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/command.h"
#include "payload/payload.h"

enum { TEXT_MAX = 16 << 20 };

/* A payload and the buffers that hold it. */
struct arguments {
    struct buf args;
    struct buf kwargs;
    struct payload payload;
};

void arguments_init(struct arguments *arguments);
void arguments_done(struct arguments *arguments);
/* The words after the first one and -k; EXIT_INVALID and a complaint when one is no JSON. */
int arguments_read(const struct command *command, struct arguments *out);
bool arguments_read_line(struct str line, struct arguments *out, struct err *err);

struct text_line {
    struct str topic; /* ptr NULL: none; and so on */
    const struct payload *payload;
    uint64_t publication; /* 0: none */
    bool detailed;        /* `details` are told, also if there are none */
    struct slice details;
};

/* Appended to `out`, without a newline; false when JSON has no way to say it. */
bool text_write(const struct text_line *line, struct buf *out);
/* On stdout, flushed; false and a complaint when it cannot be said or written. */
bool text_print(const struct text_line *line);
/* Any text, with a newline. */
bool text_print_line(struct str line);

#endif
