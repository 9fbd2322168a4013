/* parcel.c - copies a message behind the post that carries it. */
#include "realm/parcel.h"

#include <string.h>

static struct str carry(char **at, struct str bytes)
{
    char *start = *at;
    if (bytes.len > 0) {
        memcpy(start, bytes.ptr, bytes.len);
    }
    *at = start + bytes.len;
    return str_make(start, bytes.len);
}

struct parcel *parcel_new(struct router *router, const struct message *message)
{
    size_t size = sizeof(struct parcel);
    if (message != NULL) {
        size += message->uri.len + message->details.len + payload_size(&message->payload);
    }
    struct block *block = block_new(size);
    block->len = size;
    struct parcel *parcel = (struct parcel *)(void *)block->data;
    *parcel = (struct parcel){.block = block, .router = router};
    if (message != NULL) {
        char *at = block->data + sizeof(*parcel);
        parcel->message = *message;
        parcel->message.uri = carry(&at, message->uri);
        parcel->message.details = carry(&at, message->details);
        parcel->message.payload.args = carry(&at, message->payload.args);
        parcel->message.payload.kwargs = carry(&at, message->payload.kwargs);
    }
    return parcel;
}

void parcel_free(struct parcel *parcel)
{
    if (parcel != NULL) {
        block_unref(parcel->block);
    }
}

void parcel_post(struct parcel *parcel, unsigned worker, post_fn fn)
{
    parcel->post.fn = fn;
    parcel->post.bytes = parcel->block->len;
    worker_post(workers_get(parcel->router->options.workers, worker), &parcel->post);
}
