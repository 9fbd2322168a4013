#include "conf/problems.h"

#include "base/mem.h"
#include "conf/inside.h"

#include <stdarg.h>
#include <stdio.h>

void conf_problems_init(struct conf_problems *problems)
{
    *problems = (struct conf_problems){0};
}

void conf_problems_done(struct conf_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        mem_free(problems->items[i].where);
        mem_free(problems->items[i].text);
    }
    mem_free(problems->items);
    conf_problems_init(problems);
}

void conf_problems_print(const struct conf_problems *problems, struct buf *out)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct conf_problem *problem = &problems->items[i];
        (void)buf_printf(out, "%s: %s%s\n", problem->where, problem->warning ? "warning: " : "",
                         problem->text);
    }
    size_t all = problems->errors + problems->warnings;
    if (all > problems->count) {
        (void)buf_printf(out, "and %zu more\n", all - problems->count);
    }
}

void conf_problem(struct conf_problems *problems,
                  bool warning,
                  const struct conf_problem *place,
                  const char *format,
                  ...)
{
    *(warning ? &problems->warnings : &problems->errors) += 1;
    if (problems->count == CONF_PROBLEMS_MAX) {
        return;
    }
    if (problems->items == NULL) {
        problems->items = NEW_ARRAY(struct conf_problem, CONF_PROBLEMS_MAX);
    }
    struct buf text;
    buf_init(&text, 1024);
    va_list args;
    va_start(args, format);
    (void)buf_vprintf(&text, format, args);
    va_end(args);
    problems->items[problems->count++] = (struct conf_problem){
        .warning = warning,
        .line = place->line,
        .column = place->column,
        .where = str_dup(str_of(place->where)),
        .text = buf_take(&text, NULL),
    };
}

void conf_row_problem(struct conf_problems *problems,
                      const struct conf *conf,
                      const struct conf_row *row,
                      bool warning,
                      const char *text)
{
    const struct conf_origin *origin = &conf->origins[row - conf_rows];
    char name[ENV_NAME_MAX];
    char where[TEXT_MAX];
    switch (origin->kind) {
    case CONF_FILE:
        (void)snprintf(where, sizeof(where), "%s:%u:%u", conf->file, origin->line, origin->column);
        break;
    case CONF_ENV:
        conf_env_name(row, name);
        (void)snprintf(where, sizeof(where), "environment %s", name);
        break;
    case CONF_SET:
        (void)snprintf(where, sizeof(where), "--set");
        break;
    case CONF_DEFAULT:
        (void)snprintf(where, sizeof(where), "default");
        break;
    }
    struct conf_problem place = {.line = origin->line, .column = origin->column, .where = where};
    conf_problem(problems, warning, &place, "%s: %s", row->key, text);
}
