/* spec_text.h - the text of specifications, read once for all that is made of it: what compiles,
 * what is stored, what is listed.
 *
 * One API object or a list of them, JSON or YAML. Whoever has it may ask from any thread, one at a
 * time.
 */
#ifndef POSTERN_SPEC_SPEC_TEXT_H
#define POSTERN_SPEC_SPEC_TEXT_H

#include "spec/spec.h"

#include <jansson.h>

struct spec_text;

/* NULL and a problem: it is neither JSON nor YAML. `text` is not kept. */
struct spec_text *spec_text_read(struct str text, struct problems *problems);
void spec_text_free(struct spec_text *text);

/* How many there are; a text that is no list has one. */
size_t spec_text_count(const struct spec_text *text);
/* Borrowed. NULL: that one is no object. */
const json_t *spec_text_object(const struct spec_text *text, size_t index);
/* As spec_canonical. */
char *spec_text_canonical(const struct spec_text *text, size_t index, struct problems *problems);
/* As spec_compile. */
struct spec *spec_text_compile(const struct spec_text *text,
                               const struct spec_options *options,
                               struct problems *problems);

/* What a list of specifications says of one, whether or not it compiles: id, name, host, realm_uri
 * and meta as they are there, and `versions`, each {name, base_path, routes}, routes being its
 * operations. A new reference. */
json_t *spec_summary(const json_t *api);

#endif
