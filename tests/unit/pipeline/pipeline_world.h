/* pipeline_world.h - a pipeline on a real router and specifications. */
#ifndef POSTERN_TESTS_PIPELINE_WORLD_H
#define POSTERN_TESTS_PIPELINE_WORLD_H

#include "../../support/fake_stream.h"
#include "access/access.h"
#include "base/file.h"
#include "metrics/metrics.h"
#include "pipeline/pipeline.h"
#include "spec/spec.h"

static struct snapshot_slot *world_routes;
static struct pipeline *world_pipeline;
static struct access *world_access;
static struct pipeline_options world_pipeline_options;
static const char *const *world_specs; /* texts, or files' names; ends with NULL */

static inline void publish_specs(void)
{
    struct problems problems;
    struct spec *specs[8];
    size_t count = 0;
    problems_init(&problems);
    for (; world_specs[count] != NULL; count++) {
        struct buf text;
        struct err err = {0};
        buf_init(&text, 1 << 20);
        assert_true(world_specs[count][0] == '{' ? buf_append(&text, str_of(world_specs[count]))
                                                 : file_read(world_specs[count], &text, &err));
        specs[count] = spec_compile(buf_str(&text), NULL, &problems);
        buf_done(&text);
    }
    for (size_t i = 0; i < problems.count; i++) {
        if (!problems.items[i].warning) {
            fail_msg(PRISTR ": " PRISTR, STRARG(problems.items[i].pointer),
                     STRARG(problems.items[i].text));
        }
    }
    struct route_table *table = route_table_build(specs, count, 1, &problems);
    assert_non_null(table);
    snapshot_publish(world_routes, (struct snapshot *)(void *)table, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        spec_unref(specs[i]);
    }
    problems_done(&problems);
}

static inline void pipeline_prepare(struct world *made)
{
    struct pipeline_options *options = &world_pipeline_options;
    world_routes = snapshot_slot_new(made->workers, made->jobs);
    options->workers = made->workers;
    world_access = access_new(&(struct access_options){
        .workers = made->workers, .rbac = made->slot, .auth = router_auth(made->router)});
    options->routes = world_routes;
    options->rbac = made->slot;
    options->router = made->router;
    options->access = world_access;
    world_pipeline = pipeline_new(options);
    fake_handler = pipeline_handler();
    fake_ctx = world_pipeline;
    publish_specs();
}

static inline void pipeline_world_start(const struct builtin *builtins)
{
    struct router_options options = world_limits();
    options.builtins = builtins;
    world_prepare = pipeline_prepare;
    world_start(&world, 1, &options);
}

static inline void pipeline_world_stop(void)
{
    settle(&world);
    assert_int_equal(pipeline_open_count(world_pipeline), 0);
    workers_stop(world.workers);
    pipeline_free(world_pipeline);
    access_free(world_access);
    router_free(world.router);
    snapshot_slot_free(world_routes);
    snapshot_slot_free(world.slot);
    workers_free(world.workers);
    jobs_free(world.jobs);
    rbac_builder_free(world.builder);
    metrics_free();
}

#endif
