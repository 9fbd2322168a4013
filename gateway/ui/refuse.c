/* refuse.c - problems of ours have an id, as those of the admin API have. */
#include "base/random.h"
#include "pipeline/problem.h"
#include "ui/ui_inside.h"

void ui_refuse(struct stream *stream, const struct http_problem *problem)
{
    struct http_problem told = *problem;
    told.request_id = arena_printf(&stream->arena, "%016llx", (unsigned long long)random_u64());
    http_problem_send(stream, &told);
}
