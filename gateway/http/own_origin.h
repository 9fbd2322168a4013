/* own_origin.h - does a request come from a page of this very listener, or from no page? Pure.
 *
 * Browsers say where a page comes from: by Origin, and by Sec-Fetch-Site. What is
 * not said is no page's.
 */
#ifndef POSTERN_HTTP_OWN_ORIGIN_H
#define POSTERN_HTTP_OWN_ORIGIN_H

#include "http/front.h"

#include <stdbool.h>

bool own_origin(const struct request_head *head);

#endif
