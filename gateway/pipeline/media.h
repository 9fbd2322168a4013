/* media.h - media types and content negotiation (RFC 9110, 12.4 and 12.5). */
#ifndef POSTERN_PIPELINE_MEDIA_H
#define POSTERN_PIPELINE_MEDIA_H

#include "base/str.h"
#include "payload/scan.h"
#include "spec/route.h"

#include <stdbool.h>

#define MEDIA_JSON    STR("application/json")
#define MEDIA_MSGPACK STR("application/msgpack")
#define MEDIA_FORM    STR("application/x-www-form-urlencoded")

/* "text/plain" of "Text/Plain; charset=utf-8"; compare with str_eq_nocase. */
struct str media_type(struct str content_type);
/* SERIALIZER_NONE for what is neither JSON nor MsgPack. */
enum serializer media_serializer(struct str type);
bool media_is_yaml(struct str type);
bool media_listed(const struct media_list *list, struct str type);
/* The offered type that the client likes best, the first offered among equals; empty if it
 * accepts none. No Accept header: the first. */
struct str media_negotiate(const struct media_list *offered, struct str accept);
/* The offered language for Accept-Language, the first offered if none fits. */
struct str language_negotiate(const struct media_list *offered, struct str accept);

#endif
