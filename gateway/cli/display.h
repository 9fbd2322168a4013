/* display.h - text of others on a terminal: nothing in it may move the cursor, hide or reorder
 * what stands beside it.
 *
 * Control characters (C0, DEL, C1), line and paragraph separators, invisible and
 * bidirectional formatting, and what is no UTF-8 are written as escapes; all else is
 * as it is.
 */
#ifndef POSTERN_CLI_DISPLAY_H
#define POSTERN_CLI_DISPLAY_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a terminal may do with it something else than show it. */
bool display_unsafe(uint32_t character);
/* The character that `text` begins with, and its bytes; false: no UTF-8 (one byte is meant). */
bool display_next(struct str text, uint32_t *out_character, size_t *out_len);

/* Appends with \n, \t, \xNN and \u{N} for what is unsafe, and \\ for a backslash. */
void display_append(struct buf *out, struct str text);
/* Appends JSON text with \uNNNN for what is unsafe in its strings; line breaks between values
 * stay. */
void display_append_json(struct buf *out, struct str json);
/* As a word of a shell's command line. */
void display_append_word(struct buf *out, struct str word);

/* Characters, each taken to be one column wide. */
size_t display_width(struct str text);

#endif
