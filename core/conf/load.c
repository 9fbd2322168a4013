/* load.c - defaults, then the file, then the environment, then --set: the last one wins. */
#include "base/mem.h"
#include "conf/inside.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Every text and list of every source fits, whatever was set how often. */
static const size_t arena_max = (size_t)1 << 30;

static void set_defaults(struct conf *conf)
{
    *conf = (struct conf){.file = ""};
    arena_init(&conf->arena, arena_max);
    for (size_t i = 0; i < conf_row_count; i++) {
        struct err err = {0};
        /* A default is in its bounds, but for 0 where 0 is worked out at start. */
        bool ok = conf_value_set(&conf_rows[i], conf, str_of(conf_rows[i].def), &err);
        assert(ok && "the table's default does not fit its own row");
        (void)ok;
    }
}

static void set_row(struct conf *conf,
                    struct conf_problems *problems,
                    const struct conf_row *row,
                    enum conf_origin_kind kind,
                    struct str text)
{
    struct err err = {0};
    conf->origins[row - conf_rows] = (struct conf_origin){.kind = kind};
    if (!conf_value_set(row, conf, text, &err)) {
        conf_row_problem(problems, conf, row, false, err.text);
    }
}

/* What the environment may hold that is no setting. */
static bool reserved(struct str name)
{
    static const struct str names[] = {
        STR_INIT("POSTERN_URL"),   STR_INIT("POSTERN_PASSWORD"),       STR_INIT("POSTERN_TICKET"),
        STR_INIT("POSTERN_TOKEN"), STR_INIT("POSTERN_ADMIN_PASSWORD"),
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (str_eq(names[i], name)) {
            return true;
        }
    }
    return false;
}

static void unknown_env(struct conf_problems *problems, struct str name)
{
    char names[CONF_ROWS_MAX][ENV_NAME_MAX];
    struct str candidates[CONF_ROWS_MAX];
    for (size_t i = 0; i < conf_row_count; i++) {
        conf_env_name(&conf_rows[i], names[i]);
        candidates[i] = str_of(names[i]);
    }
    struct str nearest = str_nearest(name, candidates, conf_row_count);
    char where[160];
    (void)snprintf(where, sizeof(where), "environment %.*s", name.len > 120 ? 120 : (int)name.len,
                   name.ptr);
    struct conf_problem place = {.where = where};
    conf_problem(problems, true, &place, "no such setting%s" PRISTR "%s",
                 nearest.len > 0 ? "; did you mean " : "", STRARG(nearest),
                 nearest.len > 0 ? "?" : "");
}

static void read_env(struct conf *conf, struct conf_problems *problems, char *const *env)
{
    for (; *env != NULL; env++) {
        struct str name = STR_EMPTY;
        struct str value = STR_EMPTY;
        if (!str_cut(str_of(*env), '=', &name, &value) || !str_starts(name, STR("POSTERN_")) ||
            reserved(name)) {
            continue;
        }
        const struct conf_row *row = NULL;
        for (size_t i = 0; i < conf_row_count && row == NULL; i++) {
            char own[ENV_NAME_MAX];
            conf_env_name(&conf_rows[i], own);
            row = str_eq(str_of(own), name) ? &conf_rows[i] : NULL;
        }
        if (row == NULL) {
            unknown_env(problems, name);
        } else if (value.len > 0) { /* set to nothing is how containers say "not set" */
            set_row(conf, problems, row, CONF_ENV, value);
        }
    }
}

static void read_set(struct conf *conf, struct conf_problems *problems, struct str text)
{
    static char where[] = "--set";
    struct conf_problem place = {.where = where};
    struct str key = STR_EMPTY;
    struct str value = STR_EMPTY;
    if (!str_cut(text, '=', &key, &value)) {
        conf_problem(problems, false, &place, "expected KEY=VALUE");
        return;
    }
    const struct conf_row *row = conf_row_find(str_trim(key));
    if (row != NULL) {
        set_row(conf, problems, row, CONF_SET, value);
        return;
    }
    struct str nearest = conf_row_nearest(key);
    conf_problem(problems, false, &place, "%.*s: no such setting%s" PRISTR "%s",
                 key.len > 120 ? 120 : (int)key.len, key.ptr,
                 nearest.len > 0 ? "; did you mean " : "", STRARG(nearest),
                 nearest.len > 0 ? "?" : "");
}

bool conf_load(const struct conf_source *source, struct conf *out, struct conf_problems *problems)
{
    struct conf conf;
    size_t errors = problems->errors;
    set_defaults(&conf);
    if (source->file != NULL) {
        (void)conf_read_file(&conf, source->file, problems);
    }
    if (source->env != NULL) {
        read_env(&conf, problems, source->env);
    }
    for (size_t i = 0; i < source->set_count; i++) {
        read_set(&conf, problems, str_of(source->sets[i]));
    }
    conf_settle(&conf, problems);
    if (problems->errors > errors) {
        conf_done(&conf);
        return false;
    }
    *out = conf;
    return true;
}

void conf_done(struct conf *conf)
{
    arena_done(&conf->arena);
    *conf = (struct conf){.file = ""};
}

bool conf_reload(const struct conf_source *source,
                 const struct conf *running,
                 struct conf *out,
                 struct conf_problems *problems)
{
    struct conf conf;
    if (!conf_load(source, &conf, problems)) {
        return false;
    }
    for (size_t i = 0; i < conf_row_count; i++) {
        const struct conf_row *row = &conf_rows[i];
        if (row->when == CONF_LIVE || conf_value_eq(row, running, &conf)) {
            continue;
        }
        conf_row_problem(problems, &conf, row, true, "takes effect after a restart");
        conf_value_copy(row, running, &conf);
    }
    *out = conf;
    return true;
}
