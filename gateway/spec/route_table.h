/* route_table.h - what the compiler asks of the table. For gateway/spec alone. */
#ifndef POSTERN_SPEC_ROUTE_TABLE_H
#define POSTERN_SPEC_ROUTE_TABLE_H

#include "spec/spec.h"

/* Reports routes of one specification that exclude one another. */
void route_table_check(struct spec *spec, struct problems *problems);

#endif
