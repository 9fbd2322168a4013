/* links: pipeline
 * fuzz_path.c - paths and media types of requests: the canonical path is a fixed point and hides
 * nothing, and negotiation gives one of what is offered or nothing. */
#include "base/mem.h"
#include "base/percent.h"
#include "pipeline/media.h"
#include "pipeline/path.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool holds(struct str text, const char *part)
{
    return text.len > 0 && memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static void check_path(struct str input, struct arena *arena)
{
    struct str once = STR_EMPTY;
    struct str twice = STR_EMPTY;
    const char *why = NULL;
    if (!path_canonical(input, arena, &once, &why)) {
        assert(why != NULL);
        return;
    }
    assert(once.len <= input.len);
    assert(path_canonical(once, arena, &twice, &why) && str_eq(once, twice));
    assert(!holds(once, "%2F") && !holds(once, "%5C") && !holds(once, "%00"));
    assert(!holds(once, "/../") && !holds(once, "/./") && !str_ends(once, STR("/..")));
}

static void check_decoding(struct str input, struct arena *arena)
{
    struct str text = STR_EMPTY;
    if (percent_decode(input, true, arena, &text)) {
        assert(text.len <= input.len && utf8_valid(text));
        assert(memchr(text.ptr, '\0', text.len) == NULL);
    }
}

static void check_media(struct str input)
{
    static const struct str types[] = {STR_INIT("application/json"), STR_INIT("text/plain")};
    static const struct media_list offered = {types, COUNT_OF(types)};
    struct str chosen = media_negotiate(&offered, input);
    assert(chosen.len == 0 || media_listed(&offered, chosen));
    assert(language_negotiate(&offered, input).len > 0);
    (void)media_serializer(media_type(input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    char *bytes = malloc(size > 0 ? size : 1); /* exactly the input, so that an overrun is seen */
    if (size > 0) {
        memcpy(bytes, data, size);
    }
    arena_init(&arena, 4 * size + 65536);
    check_path(str_make(bytes, size), &arena);
    check_decoding(str_make(bytes, size), &arena);
    check_media(str_make(bytes, size));
    arena_done(&arena);
    free(bytes);
    return 0;
}
