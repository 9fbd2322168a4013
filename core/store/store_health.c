/* store_health.c - whether the database answers, and since when. Written on the store's thread,
 * read on any. */
#include "base/clock.h"
#include "store/store_nodes.h"

/* Of a start without the database its age is counted from then. */
void store_health_note(struct store_health *self, bool up)
{
    if (atomic_load(&self->since_ms) == 0 || atomic_load(&self->up) != up) {
        atomic_store(&self->up, up);
        atomic_store(&self->since_ms, clock_wall_ms());
    }
    if (up || atomic_load(&self->heard_ms) == 0) {
        atomic_store(&self->heard_ms, clock_mono_ms());
    }
}

struct store_state store_health_read(const struct store_health *self)
{
    uint64_t heard_ms = atomic_load(&self->heard_ms);
    uint64_t now_ms = clock_mono_ms();
    return (struct store_state){
        .up = atomic_load(&self->up),
        .since_ms = atomic_load(&self->since_ms),
        .age_ms = now_ms > heard_ms ? now_ms - heard_ms : 0,
        .seq = atomic_load(&self->seq),
    };
}
