/* survey.c - a part goes to each worker and comes back; the last to come back tells. */
#include "realm/survey.h"

#include "base/arena.h"
#include "realm/router_inside.h"
#include "realm/seat.h"

struct survey {
    struct router *router;
    struct realm *realm;
    struct worker *asker;
    const struct survey_kind *kind;
    uint64_t call;
    struct arena memory; /* of the question */
    struct survey_question question;
    unsigned left; /* parts that are still out; the asker's */
    unsigned count;
    struct survey_part parts[];
};

enum { QUESTION_MAX = 64 << 20 };

static void survey_free(struct survey *survey)
{
    for (unsigned i = 0; i < survey->count; i++) {
        id_list_done(&survey->parts[i].ids);
        buf_done(&survey->parts[i].details);
    }
    arena_done(&survey->memory);
    mem_free(survey);
}

static void part_returned(struct post *post)
{
    struct survey_part *part = CONTAINER_OF(post, struct survey_part, post);
    struct survey *survey = part->survey;
    survey->left--;
    if (survey->left == 0) {
        struct shard *shard = router_here(survey->router);
        shard_enter(shard);
        survey->kind->tell(survey);
        shard_leave(shard);
        survey_free(survey);
    }
}

static void part_arrived(struct post *post)
{
    struct survey_part *part = CONTAINER_OF(post, struct survey_part, post);
    struct survey *survey = part->survey;
    struct shard *shard = router_here(survey->router);
    shard_enter(shard);
    struct seat *seat = map_get(&shard->seats, realm_uri(survey->realm));
    if (seat != NULL) {
        survey->kind->ask(seat, &survey->question, part);
    }
    shard_leave(shard); /* what was killed is gone before it is told */
    part->post.fn = part_returned;
    worker_post(survey->asker, &part->post);
}

static void question_copy(struct survey *survey, const struct survey_question *question)
{
    struct arena *memory = &survey->memory;
    struct survey_question *copy = &survey->question;
    *copy = *question;
    copy->names = ARENA_ARRAY(memory, struct str, question->name_count + 1);
    for (size_t i = 0; i < question->name_count; i++) {
        copy->names[i] = arena_str(memory, question->names[i]);
    }
    struct str *const texts[] = {
        &copy->reason,           &copy->message,         &copy->deed.actor,
        &copy->deed.actor_realm, &copy->deed.authmethod, &copy->deed.address,
        &copy->deed.request_id,  &copy->deed.action,     &copy->deed.target};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        *texts[i] = arena_str(memory, *texts[i]);
    }
}

void survey_start(const struct builtin_call *call,
                  const struct survey_kind *kind,
                  const struct survey_question *question)
{
    struct router *router = call->router;
    unsigned count = router->shard_count;
    struct survey *survey = mem_calloc(1, sizeof(*survey) + count * sizeof(struct survey_part));
    survey->router = router;
    survey->realm = call->seat->realm;
    survey->asker = router_here(router)->worker;
    survey->kind = kind;
    survey->call = call->handle;
    survey->left = count;
    survey->count = count;
    arena_init(&survey->memory, QUESTION_MAX);
    question_copy(survey, question);
    for (unsigned i = 0; i < count; i++) {
        struct survey_part *part = &survey->parts[i];
        part->survey = survey;
        part->post.fn = part_arrived;
        buf_init(&part->details, router->options.message_max);
        worker_post(router->shards[i].worker, &part->post);
    }
}

struct str survey_realm(const struct survey *survey)
{
    return realm_uri(survey->realm);
}

const struct survey_deed *survey_deed(const struct survey *survey)
{
    return &survey->question.deed;
}

struct router *survey_router(const struct survey *survey)
{
    return survey->router;
}

uint64_t survey_call(const struct survey *survey)
{
    return survey->call;
}

bool survey_found(const struct survey *survey)
{
    bool found = false;
    for (unsigned i = 0; i < survey->count; i++) {
        found = found || survey->parts[i].found;
    }
    return found;
}

size_t survey_count(const struct survey *survey)
{
    size_t count = 0;
    for (unsigned i = 0; i < survey->count; i++) {
        count += survey->parts[i].ids.count;
    }
    return count;
}

void survey_emit_ids(const struct survey *survey, struct emit *emit)
{
    emit_list(emit, (uint32_t)survey_count(survey));
    for (unsigned i = 0; i < survey->count; i++) {
        const struct id_list *ids = &survey->parts[i].ids;
        for (size_t k = 0; k < ids->count; k++) {
            emit_u64(emit, ids->ids[k]);
        }
    }
}

struct str survey_details(const struct survey *survey)
{
    for (unsigned i = 0; i < survey->count; i++) {
        if (survey->parts[i].details.len > 0) {
            return buf_str(&survey->parts[i].details);
        }
    }
    return STR_EMPTY;
}
