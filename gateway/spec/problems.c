/* problems.c - collects mistakes; see problems.h. Each is told once, however often it is met. */
#include "spec/problems.h"

#include <string.h>

enum { ARENA_MAX = 4 << 20, FIELD_MAX = 1024 };

void problems_init(struct problems *problems)
{
    *problems = (struct problems){0};
    arena_init(&problems->arena, ARENA_MAX);
}

void problems_done(struct problems *problems)
{
    arena_done(&problems->arena);
    *problems = (struct problems){0};
}

/* A variable that many routes use is wrong in one place only. */
static bool known(const struct problems *problems, const struct problem *problem)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *other = &problems->items[i];
        if (other->line == problem->line && other->column == problem->column &&
            other->warning == problem->warning && str_eq(other->text, problem->text) &&
            (problem->line != 0 || str_eq(other->pointer, problem->pointer))) {
            return true;
        }
    }
    return false;
}

static struct str copy(struct problems *problems, struct str s)
{
    return arena_str(&problems->arena, str_sub(s, 0, FIELD_MAX));
}

void problems_add(struct problems *problems, const struct problem *problem)
{
    if (known(problems, problem)) {
        return;
    }
    problems->errors += !problem->warning;
    problems->warnings += problem->warning;
    if (problems->count == PROBLEMS_MAX) {
        return;
    }
    if (problems->items == NULL) {
        problems->items = ARENA_ARRAY(&problems->arena, struct problem, PROBLEMS_MAX);
    }
    struct problem *kept = &problems->items[problems->count++];
    *kept = *problem;
    kept->pointer = copy(problems, problem->pointer);
    kept->text = copy(problems, problem->text);
    kept->allowed = copy(problems, problem->allowed);
    kept->nearest = copy(problems, problem->nearest);
}
