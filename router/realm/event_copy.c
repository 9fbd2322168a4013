/* event_copy.c - lays an event out behind its struct. */
#include "realm/event_copy.h"

#include "base/clock.h"

#include <string.h>

static struct str lay(char **at, struct str bytes)
{
    char *start = *at;
    if (bytes.len > 0) {
        memcpy(start, bytes.ptr, bytes.len);
    }
    *at = start + bytes.len;
    return str_make(start, bytes.len);
}

struct event_copy *event_copy_new(const struct event_copy *from)
{
    const struct message *event = &from->event;
    size_t size = sizeof(*from) + from->topic.len + from->options.bytes.len + event->details.len +
                  payload_size(&event->payload);
    struct block *block = block_new(size);
    block->len = size;
    struct event_copy *copy = (struct event_copy *)(void *)block->data;
    char *at = block->data + sizeof(*copy);
    *copy = *from;
    copy->block = block;
    copy->time_ms = clock_wall_ms();
    copy->topic = lay(&at, from->topic);
    copy->options.bytes = lay(&at, from->options.bytes);
    copy->event.details = lay(&at, event->details);
    copy->event.payload.args = lay(&at, event->payload.args);
    copy->event.payload.kwargs = lay(&at, event->payload.kwargs);
    return copy;
}

bool event_copy_filter(const struct event_copy *copy,
                       struct arena *scratch,
                       struct audience_filter *out)
{
    struct publish_options options;
    if (!publish_options_read(copy->options, false, scratch, &options, NULL)) {
        return false;
    }
    *out = options.filter;
    out->except = copy->except;
    out->moment = copy->moment;
    return true;
}
