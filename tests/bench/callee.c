/* callee.c - callee URL REALM PROCEDURE FILE: registers a procedure and answers each invocation
 * with FILE, one value in MsgPack (rs://) or JSON (ws://); with - for FILE it never answers.
 * Prints "ready" once registered.
 *
 * It also answers a CALL, which only reaches it through relay.c, where nobody makes an invocation
 * of it. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

struct answer {
    char bytes[65536];
    size_t len;
};

static void answer_load(struct answer *answer, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        die("cannot read %s", path);
    }
    answer->len = fread(answer->bytes, 1, sizeof(answer->bytes), file);
    (void)fclose(file);
}

static void answer_one(struct wire *wire, struct frame frame, const struct answer *answer)
{
    unsigned type = frame_type(frame);
    if (type != INVOCATION && type != CALL) {
        die("a message of type %u", type);
    }
    size_t opened = frame_open(wire, 4, type == CALL ? RESULT : YIELD);
    put_uint(wire, frame_id(frame));
    put_empty_map(wire);
    put_list_of_one(wire, answer->bytes, answer->len);
    frame_close(wire, opened);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        die("usage: callee URL REALM PROCEDURE FILE");
    }
    static struct answer answer;
    die_with_parent();
    bool silent = strcmp(argv[4], "-") == 0;
    if (!silent) {
        answer_load(&answer, argv[4]);
    }
    struct wire *wire = wire_join(argv[1], argv[2]);
    size_t opened = frame_open(wire, 4, REGISTER);
    put_uint(wire, 1);
    put_empty_map(wire);
    put_text(wire, argv[3]);
    frame_close(wire, opened);
    wire_flush(wire);
    wire_expect(wire, REGISTERED);
    (void)puts("ready");
    (void)fflush(stdout);
    for (;;) {
        struct frame frame;
        wire_fill(wire);
        while (wire_next(wire, &frame)) {
            if (!silent) {
                answer_one(wire, frame, &answer);
            }
        }
        wire_flush(wire);
    }
}
