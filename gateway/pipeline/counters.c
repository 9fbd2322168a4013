#include "pipeline/counters.h"

#include "base/map.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "spec/route.h"

enum { CLASSES = 6 }; /* 1xx to 5xx by their first digit; 0 is not used */

/* The cells of one API, found once a thread. */
struct api_cells {
    struct str api; /* its own copy */
    struct metric_cell *requests[CLASSES];
    struct metric_cell *seconds;
};

static struct metric *requests;
static struct metric *seconds;
static struct metric_cell *open_now;

/* Few APIs, kept as long as the thread: the main thread's are never made. */
static _Thread_local struct map cells_by_api;
/* Whose were wanted last: mostly they are wanted again. */
static _Thread_local struct api_cells *cells_last;

void counters_setup(void)
{
    requests = metric_counter("postern_http_requests_total",
                              "requests answered by published APIs, by API and status class", "api",
                              "status", NULL);
    seconds = metric_histogram("postern_http_request_seconds",
                               "from the head of a request to its answer, by API", "api", NULL);
    open_now =
        metric_only(metric_gauge("postern_http_requests_open", "requests not answered yet", NULL));
}

static struct api_cells *cells_new(struct str api)
{
    static const struct str classes[CLASSES] = {STR_INIT("0xx"), STR_INIT("1xx"), STR_INIT("2xx"),
                                                STR_INIT("3xx"), STR_INIT("4xx"), STR_INIT("5xx")};
    struct api_cells *cells = NEW(struct api_cells);
    cells->api = str_make(str_dup(api), api.len);
    for (size_t i = 1; i < CLASSES; i++) {
        cells->requests[i] = METRIC_CELL(requests, api, classes[i]);
    }
    cells->seconds = METRIC_CELL(seconds, api);
    (void)map_put(&cells_by_api, cells->api, cells);
    return cells;
}

static struct api_cells *cells_of(struct str api)
{
    if (cells_last == NULL || !str_eq(cells_last->api, api)) {
        struct api_cells *found = map_get(&cells_by_api, api);
        cells_last = found != NULL ? found : cells_new(api);
    }
    return cells_last;
}

void counters_begin(void)
{
    metric_gauge_add(open_now, 1);
}

void counters_exchange(const struct route *route, unsigned status, uint64_t took_ns)
{
    struct api_cells *cells = cells_of(route == NULL ? STR("-") : route->api);
    unsigned class = status / 100 < CLASSES ? status / 100 : CLASSES - 1;
    if (class > 0) {
        metric_add(cells->requests[class], 1);
    }
    metric_observe_ns(cells->seconds, took_ns);
    metric_gauge_add(open_now, -1);
}

void counters_done(void)
{
    size_t cursor = 0;
    const struct map_slot *slot = NULL;
    while ((slot = map_next(&cells_by_api, &cursor)) != NULL) {
        struct api_cells *cells = slot->value;
        mem_free((void *)(uintptr_t)cells->api.ptr);
        mem_free(cells);
    }
    cells_last = NULL;
    map_done(&cells_by_api);
}
