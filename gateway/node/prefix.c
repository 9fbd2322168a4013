/* prefix.c - which part of the gateway answers a request: the WAMP transports have /wamp/, the
 * realms as issuers of tokens /realms/ and what is well known of them, the pipeline all else. On
 * the admin listener the master realm has /oauth/, the web console /ui/ and /session, and the admin
 * API all else.
 *
 * The path is taken as it was sent. Whatever is spelled otherwise reaches the
 * pipeline, where no specification may have claimed it.
 */
#include "node/node_inside.h"

static const struct front_handler *handler_of(const struct stream *stream)
{
    if (stream->taker != NULL) {
        return stream->taker;
    }
    return tunnels_serve(stream->head.path) ? tunnels_handler() : pipeline_handler();
}

static void on_request(void *ctx, struct stream *stream)
{
    struct node *node = ctx;
    struct oauth_place place;
    if (tunnels_serve(stream->head.path)) {
        tunnels_handler()->on_request(node->tunnels, stream);
    } else if (oauth_find(stream->head.path, &place)) {
        oauth_take(node->oauth, stream, &place);
    } else {
        pipeline_handler()->on_request(node->pipeline, stream);
    }
}

static void on_body(struct stream *stream, struct str bytes, bool last)
{
    handler_of(stream)->on_body(stream, bytes, last);
}

static void on_writable(struct stream *stream)
{
    const struct front_handler *handler = handler_of(stream);
    if (handler->on_writable != NULL) {
        handler->on_writable(stream);
    }
}

static void on_gone(struct stream *stream, bool answered)
{
    handler_of(stream)->on_gone(stream, answered);
}

const struct front_handler *prefix_handler(void)
{
    static const struct front_handler handler = {
        .on_request = on_request,
        .on_body = on_body,
        .on_writable = on_writable,
        .on_gone = on_gone,
    };
    return &handler;
}

static const struct front_handler *admin_handler_of(const struct stream *stream)
{
    return stream->taker != NULL ? stream->taker : api_handler();
}

static void on_admin_request(void *ctx, struct stream *stream)
{
    struct node *node = ctx;
    struct oauth_place place;
    if (oauth_find_admin(stream->head.path, &place)) {
        oauth_take(node->oauth, stream, &place);
    } else if (node->ui != NULL && ui_serves(&stream->head)) {
        ui_take(node->ui, stream);
    } else {
        api_handler()->on_request(node->api, stream);
    }
}

static void on_admin_body(struct stream *stream, struct str bytes, bool last)
{
    admin_handler_of(stream)->on_body(stream, bytes, last);
}

static void on_admin_writable(struct stream *stream)
{
    const struct front_handler *handler = admin_handler_of(stream);
    if (handler->on_writable != NULL) {
        handler->on_writable(stream);
    }
}

static void on_admin_gone(struct stream *stream, bool answered)
{
    admin_handler_of(stream)->on_gone(stream, answered);
}

const struct front_handler *admin_prefix_handler(void)
{
    static const struct front_handler handler = {
        .on_request = on_admin_request,
        .on_body = on_admin_body,
        .on_writable = on_admin_writable,
        .on_gone = on_admin_gone,
    };
    return &handler;
}
