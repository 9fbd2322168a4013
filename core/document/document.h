/* document.h - JSON or YAML text as a jansson tree that knows where everything stood.
 *
 * Beside the tree there is a side table with line and column (from 1, in
 * characters) of every value and every object key, and its parent. true, false and
 * null are shared nodes in jansson, so a value is asked for by its place: parent
 * and key, or parent and index. Read-only once parsed; the table speaks of the tree
 * as it was, so whoever wants to change the tree copies it first.
 *
 * YAML is read by the core schema of YAML 1.2: `no` and `on` are text. Refused, each
 * with its position: duplicate keys, merge keys, foreign tags, several documents, and
 * what passes the limits, also by aliases (an alias is a copy and counts as one).
 */
#ifndef POSTERN_DOCUMENT_DOCUMENT_H
#define POSTERN_DOCUMENT_DOCUMENT_H

#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct document;

enum document_format {
    DOCUMENT_ANY, /* text that begins with { or [ is JSON, all else YAML */
    DOCUMENT_JSON,
    DOCUMENT_YAML,
};

/* 0 means the default. */
struct document_limits {
    size_t bytes;   /* of text, and of what it expands to: 8 MiB */
    size_t nodes;   /* values, copies by aliases included: 200,000 */
    unsigned depth; /* nested containers: 64, which is also the most */
};

/* The first mistake. Line 0: not about a place (a file that cannot be read). */
struct document_problem {
    unsigned line;
    unsigned column;
    char text[200];
};

/* NULL on failure, with `out` (may be NULL) telling why. Empty YAML is null. */
struct document *document_parse(struct str text,
                                enum document_format format,
                                const struct document_limits *limits,
                                struct document_problem *out);
/* The same from a file; NAME.json is JSON, NAME.yaml and NAME.yml are YAML, others DOCUMENT_ANY. */
struct document *
document_load(const char *path, const struct document_limits *limits, struct document_problem *out);
void document_free(struct document *document);

json_t *document_root(const struct document *document); /* borrowed */

/* Where the value at `key` (an object's) or, with NULL as key, at `index` (a list's) begins. */
bool document_at(const struct document *document,
                 const json_t *parent,
                 const char *key,
                 size_t index,
                 unsigned *out_line,
                 unsigned *out_column);
/* Where the key itself begins. */
bool document_key_position(const struct document *document,
                           const json_t *object,
                           const char *key,
                           unsigned *out_line,
                           unsigned *out_column);
/* Of a container, a string or a number (these are not shared), and of the root whatever it is. */
bool document_position(const struct document *document,
                       const json_t *node,
                       unsigned *out_line,
                       unsigned *out_column);

/* JSON pointer (RFC 6901), "/versions/1.0/paths/~1items"; the root's is "". mem_free.
 * NULL for what is not in the document. */
char *document_pointer(const struct document *document, const json_t *node);
char *document_pointer_at(const struct document *document,
                          const json_t *parent,
                          const char *key,
                          size_t index);

#endif
