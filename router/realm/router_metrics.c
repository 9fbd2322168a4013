/* router_metrics.c - the table of what the router counts. */
#include "realm/router_inside.h"

/* One row a counter. */
static const struct {
    const char *name;
    const char *help;
} rows[ROUTER_COUNTS] = {
    [COUNT_CALLS] = {"postern_wamp_calls_total", "calls made, by sessions and by the gateway"},
    [COUNT_RESULTS] = {"postern_wamp_results_total", "calls answered with a result"},
    [COUNT_ERRORS] = {"postern_wamp_errors_total", "calls answered with an error"},
    [COUNT_PUBLICATIONS] = {"postern_wamp_publications_total", "publications accepted"},
    [COUNT_EVENTS] = {"postern_wamp_events_total", "events queued to subscribers"},
    [COUNT_EVENTS_DROPPED] = {"postern_wamp_events_dropped_total",
                              "events that a subscriber could not be given"},
    [COUNT_OVERFLOWS] = {"postern_wamp_overflows_total",
                         "sessions closed because they did not read"},
    [COUNT_RETAINED_REFUSED] = {"postern_wamp_retained_refused_total",
                                "events not retained because of a limit"},
};

void router_metrics_init(struct router *router)
{
    for (unsigned i = 0; i < ROUTER_COUNTS; i++) {
        router->counts[i] = metric_only(metric_counter(rows[i].name, rows[i].help, NULL));
    }
    router->sessions_gauge =
        metric_only(metric_gauge("postern_wamp_sessions", "sessions joined", NULL));
    router->registrations_gauge = metric_only(metric_gauge(
        "postern_wamp_registrations", "registrations, each once however shared", NULL));
    router->subscriptions_gauge = metric_only(metric_gauge(
        "postern_wamp_subscriptions", "subscriptions, each once however many have it", NULL));
    router->calls_gauge =
        metric_only(metric_gauge("postern_wamp_calls_open", "calls not answered yet", NULL));
    router->invocations_gauge = metric_only(
        metric_gauge("postern_wamp_invocations_open", "answers that callees owe", NULL));
}
