#include "transport/heartbeat.h"

#include "loop/timer.h"
#include "loop/worker.h"
#include "net/conn.h"

static unsigned attempts_of(const struct transport_options *options)
{
    return options->ping_attempts == 0 ? 1 : options->ping_attempts;
}

enum pulse heartbeat_next(struct heartbeat *heartbeat,
                          const struct transport_options *options,
                          bool deaf,
                          uint64_t *out_wait_ms)
{
    uint64_t now = worker_now_ms();
    uint64_t silent = deaf ? 0 : now - heartbeat->heard_ms;
    if (options->ping_interval_ms == 0) {
        *out_wait_ms = 0;
        return PULSE_WAIT;
    }
    if (deaf || heartbeat->heard_ms >= heartbeat->pinged_ms) {
        heartbeat->pings = 0;
    }
    if (silent < options->ping_interval_ms) {
        *out_wait_ms = options->ping_interval_ms - silent;
        return PULSE_WAIT;
    }
    if (heartbeat->pings == attempts_of(options)) {
        return PULSE_DEAD;
    }
    heartbeat->pings++;
    heartbeat->pinged_ms = now;
    *out_wait_ms = options->ping_timeout_ms;
    return PULSE_PING;
}

uint64_t heartbeat_stall_ms(const struct transport_options *options)
{
    uint64_t patience = options->ping_timeout_ms * attempts_of(options);
    return patience == 0 ? CONN_STALL_MS : patience;
}
