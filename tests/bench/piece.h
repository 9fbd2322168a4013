/* piece.h - a piece of the program, timed; for benches that link modules. */
#pragma once
#include "base/clock.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { PIECE_BATCH = 1000 };

typedef void (*piece_fn)(void *ctx, size_t number);

/* What one takes, in nanoseconds. The best batch is the figure: others only make it longer. */
static inline double piece_ns(double seconds, piece_fn piece, void *ctx, size_t batch)
{
    uint64_t until = clock_mono_ns() + (uint64_t)(seconds * 1e9);
    uint64_t best = UINT64_MAX;
    size_t number = 0;
    for (uint64_t now = clock_mono_ns(); now < until;) {
        for (size_t i = 0; i < batch; i++) {
            piece(ctx, number++);
        }
        uint64_t after = clock_mono_ns();
        best = after - now < best ? after - now : best;
        now = after;
    }
    return (double)best / (double)batch;
}

static inline void time_piece(const char *name, double seconds, piece_fn piece, void *ctx)
{
    (void)printf("{\"name\": \"%s\", \"ns\": %.1f}\n", name,
                 piece_ns(seconds, piece, ctx, PIECE_BATCH));
}
