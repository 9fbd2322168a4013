/* load.c - a document from a file. */
#include "base/buf.h"
#include "document/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 64 * 1024 * 1024, CHUNK = 64 * 1024 };

static enum document_format format_of(struct str path)
{
    if (str_ends(path, STR(".json"))) {
        return DOCUMENT_JSON;
    }
    if (str_ends(path, STR(".yaml")) || str_ends(path, STR(".yml"))) {
        return DOCUMENT_YAML;
    }
    return DOCUMENT_ANY;
}

/* 0, or an errno. */
static int read_all(int fd, struct buf *out)
{
    for (;;) {
        char *room = buf_reserve(out, CHUNK);
        if (room == NULL) {
            return EFBIG;
        }
        ssize_t got = read(fd, room, CHUNK);
        if (got == 0) {
            return 0;
        }
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        buf_commit(out, got < 0 ? 0 : (size_t)got);
    }
}

static int read_file(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return errno;
    }
    int problem = read_all(fd, out);
    (void)close(fd);
    return problem;
}

struct document *
document_load(const char *path, const struct document_limits *limits, struct document_problem *out)
{
    struct buf text;
    buf_init(&text, FILE_MAX);
    struct document *document = NULL;
    int problem = read_file(path, &text);
    if (problem == 0) {
        document = document_parse(buf_str(&text), format_of(str_of(path)), limits, out);
    } else if (out != NULL) {
        char reason[80];
        *out = (struct document_problem){0};
        (void)snprintf(out->text, sizeof(out->text), "cannot be read: %s",
                       strerror_r(problem, reason, sizeof(reason)));
    }
    buf_done(&text);
    return document;
}
