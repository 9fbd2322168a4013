/* turn.c - the beginning and the end of a loop's turn.
 *
 * libev calls its check watchers first after it has waited (ours at the highest
 * priority) and its prepare watchers last before it waits (ours at the lowest).
 * So the end of a turn comes after every callback of that turn, whoever put it
 * there.
 */
#include "base/clock.h"
#include "loop/loop_inside.h"

#include <assert.h>

void turn_init(struct turn *turn)
{
    turn->tasks.next = &turn->tasks;
    turn->tasks.prev = &turn->tasks;
    turn->local_first = NULL;
    turn->local_last = &turn->local_first;
    turn->now_ms = clock_mono_ms();
}

void turn_push(struct turn *turn, struct post *post)
{
    post->next = NULL;
    *turn->local_last = post;
    turn->local_last = &post->next;
}

/* Only those that are there: what they post in turn waits until the loop has looked at
 * its descriptors once. */
static size_t run_local(struct worker *worker)
{
    struct turn *turn = &worker->turn;
    struct post *post = turn->local_first;
    turn->local_first = NULL;
    turn->local_last = &turn->local_first;
    size_t ran = 0;
    while (post != NULL) {
        struct post *next = post->next;
        mail_run_one(worker, post);
        post = next;
        ran++;
    }
    return ran;
}

static size_t run_tasks(struct turn *turn)
{
    size_t ran = 0;
    while (turn->tasks.next != &turn->tasks) {
        struct turn_task *task = turn->tasks.next;
        loop_turn_task_cancel(task);
        task->fn(task);
        ran++;
    }
    return ran;
}

size_t turn_finish(struct worker *worker)
{
    size_t ran = run_local(worker);
    return ran + run_tasks(&worker->turn);
}

static void on_begin(struct ev_loop *loop, ev_check *watcher, int events)
{
    (void)loop;
    (void)events;
    struct worker *worker = watcher->data;
    worker->turn.now_ms = clock_mono_ms();
}

static void on_end(struct ev_loop *loop, ev_prepare *watcher, int events)
{
    (void)events;
    struct worker *worker = watcher->data;
    (void)turn_finish(worker);
    alarm_set(worker);
    if (worker->turn.local_first != NULL) {
        ev_idle_start(loop, &worker->turn.again);
    } else {
        ev_idle_stop(loop, &worker->turn.again);
    }
}

static void on_again(struct ev_loop *loop, ev_idle *watcher, int events)
{
    (void)loop;
    (void)watcher;
    (void)events;
}

void turn_attach(struct worker *worker)
{
    struct turn *turn = &worker->turn;
    ev_check_init(&turn->begin, on_begin);
    ev_set_priority(&turn->begin, EV_MAXPRI);
    turn->begin.data = worker;
    ev_check_start(worker->loop, &turn->begin);
    ev_prepare_init(&turn->end, on_end);
    ev_set_priority(&turn->end, EV_MINPRI);
    turn->end.data = worker;
    ev_prepare_start(worker->loop, &turn->end);
    ev_idle_init(&turn->again, on_again);
}

void loop_at_turn_end(struct turn_task *task)
{
    if (task->next != NULL) {
        return;
    }
    struct worker *worker = worker_self();
    assert(worker != NULL);
    struct turn_task *head = &worker->turn.tasks;
    task->next = head;
    task->prev = head->prev;
    head->prev->next = task;
    head->prev = task;
}

void loop_turn_task_cancel(struct turn_task *task)
{
    if (task->next == NULL) {
        return;
    }
    task->prev->next = task->next;
    task->next->prev = task->prev;
    task->next = NULL;
    task->prev = NULL;
}
