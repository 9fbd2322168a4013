/* table.h - lists of objects as columns, and one object as its members, for people.
 *
 * The first line names the columns. A cell that is missing is "-"; lists are joined by
 * commas, other structure is JSON; whatever a name holds, it stays in its cell.
 */
#ifndef POSTERN_CLI_TABLE_H
#define POSTERN_CLI_TABLE_H

#include "base/buf.h"

#include <jansson.h>

enum { TABLE_COLUMNS_MAX = 16 };

/* `columns`: the members' names, with a blank between; "a.b" is a
 * member's member; "name:ms" and "name:s" are times since
 * 1970. An empty list is nothing at all. */
void table_write(struct buf *out, const json_t *list, const char *columns);
void table_write_one(struct buf *out, const json_t *object);

#endif
