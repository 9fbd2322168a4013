/* api_inside.h - the few requests that are answered at once, by everybody's leave. */
#ifndef POSTERN_API_API_INSIDE_H
#define POSTERN_API_API_INSIDE_H

#include "api/api.h"
#include "pipeline/problem.h"

struct api {
    struct api_options options;
};

struct api_row {
    struct str path;
    void (*run)(const struct api *api, struct stream *stream);
};

void api_reply(struct stream *stream, unsigned status, struct str content_type, struct str body);

/* watch.c: who is let in by the head, and may see the numbers, now; `ctx` is the api. */
bool api_watch_stays(void *ctx, const struct stream *stream);

/* health.c */
void api_ping(const struct api *api, struct stream *stream);
void api_ready(const struct api *api, struct stream *stream);
void api_metrics(const struct api *api, struct stream *stream);
void api_version(const struct api *api, struct stream *stream);

#endif
