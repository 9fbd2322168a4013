/* yaml.h - JSON values as YAML 1.2 in block style, for people and for editors.
 *
 * Text that another reader could take for something else, of YAML 1.1 too, is
 * quoted; what a terminal must not see is escaped. What it writes reads back as the
 * same value.
 */
#ifndef POSTERN_CLI_YAML_H
#define POSTERN_CLI_YAML_H

#include "base/buf.h"

#include <jansson.h>

/* Whole lines. */
void yaml_write(struct buf *out, const json_t *value);

#endif
