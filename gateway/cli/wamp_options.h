/* wamp_options.h - options of the command line as the options of a WAMP message: a row each.
 *
 * All are checked before anything is dialed. What is wrong is told on stderr, with what would
 * be right.
 */
#ifndef POSTERN_CLI_WAMP_OPTIONS_H
#define POSTERN_CLI_WAMP_OPTIONS_H

#include "base/buf.h"
#include "cli/command.h"
#include "payload/scan.h"

enum wamp_option_kind {
    WAMP_TEXT,    /* const char *: as it is */
    WAMP_WORD,    /* const char *: one of `words` */
    WAMP_FIXED,   /* const char *: if it is given, `words` is the value */
    WAMP_NUMBER,  /* const char *: 1 or more */
    WAMP_MS,      /* const char *: a time; in the message milliseconds */
    WAMP_SECONDS, /* const char *: a time; in the message seconds */
    WAMP_IDS,     /* const char *: ids between commas */
    WAMP_NAMES,   /* const char *: texts between commas */
    WAMP_FLAG,    /* bool: true, or not there */
    WAMP_CHOICE,  /* enum choice: true, false, or not there */
};

struct wamp_option {
    const char *name; /* as typed, without dashes */
    const char *key;  /* in the message */
    enum wamp_option_kind kind;
    size_t offset; /* in struct command */
    const char *words;
};

#define WAMP_OPTION(name, key, kind, field)                          \
    {                                                                \
        (name), (key), (kind), offsetof(struct command, field), NULL \
    }
#define WAMP_OPTION_OF(name, key, kind, field, words)                   \
    {                                                                   \
        (name), (key), (kind), offsetof(struct command, field), (words) \
    }

/* Of CALL and PUBLISH. */
#define WAMP_PASSTHRU_OPTIONS                                                       \
    WAMP_OPTION("ppt-scheme", "ppt_scheme", WAMP_TEXT, ppt_scheme),                 \
        WAMP_OPTION("ppt-serializer", "ppt_serializer", WAMP_TEXT, ppt_serializer), \
        WAMP_OPTION("ppt-cipher", "ppt_cipher", WAMP_TEXT, ppt_cipher),             \
        WAMP_OPTION("ppt-keyid", "ppt_keyid", WAMP_TEXT, ppt_keyid)

enum { WAMP_OPTIONS_MAX = 1 << 16 };
#define WAMP_MATCHES "exact prefix wildcard"

/* EXIT_OK and in `*options` the map that `out` holds (none at all if nothing is given), or
 * EXIT_USAGE. */
int wamp_options_make(const struct command *command,
                      const struct wamp_option *rows,
                      size_t count,
                      struct buf *out,
                      struct slice *options);

/* Numbers and times that are no options of a message; EXIT_OK also if `text` is NULL. */
int wamp_option_number(const char *name, const char *text, uint64_t *out);
int wamp_option_ms(const char *name, const char *text, uint64_t *out);

/* Whether `name` is given only together with `other`, or else EXIT_USAGE. */
int wamp_option_needs(const char *name, bool given, const char *other, bool other_given);

#endif
