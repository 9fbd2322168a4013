#include "transport/transport.h"

#include "base/mem.h"
#include "transport/transport_inside.h"

struct transport_worker *transport_here(struct transport *transport)
{
    return transport->workers[worker_index(worker_self())];
}

static void on_start(struct worker *worker, void *ctx)
{
    struct transport *transport = ctx;
    struct transport_worker *here = NEW(struct transport_worker);
    here->transport = transport;
    list_init(&here->rawsockets);
    list_init(&here->websockets);
    here->unmasked = mem_alloc(UNMASKED_MAX);
    transport->workers[worker_index(worker)] = here;
}

static void on_stop(struct worker *worker, void *ctx)
{
    struct transport *transport = ctx;
    struct transport_worker *here = transport->workers[worker_index(worker)];
    websocket_close_all(here);
    rawsocket_close_all(here);
    mem_free(here->unmasked);
    mem_free(here);
    transport->workers[worker_index(worker)] = NULL;
}

struct transport *transport_new(const struct transport_options *options)
{
    struct transport *transport = NEW(struct transport);
    transport->options = *options;
    transport->origins = NEW_ARRAY(struct str, options->origin_count + 1);
    for (size_t i = 0; i < options->origin_count; i++) {
        const struct str *origin = &options->origins[i];
        transport->origins[i] = str_make(str_dup(*origin), origin->len);
    }
    transport->options.origins = transport->origins;
    traffic_init(&transport->traffic[TRAFFIC_RAWSOCKET], STR("rawsocket"));
    traffic_init(&transport->traffic[TRAFFIC_WEBSOCKET], STR("websocket"));
    workers_on_start(options->workers, on_start, transport);
    workers_on_stop(options->workers, on_stop, transport);
    return transport;
}

void transport_free(struct transport *transport)
{
    if (transport == NULL) {
        return;
    }
    for (size_t i = 0; i < transport->options.origin_count; i++) {
        mem_free((void *)(uintptr_t)transport->origins[i].ptr);
    }
    mem_free(transport->origins);
    mem_free(transport);
}
