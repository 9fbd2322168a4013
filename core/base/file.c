#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, PRIVATE = 0600 };

static bool fail(struct err *err, const char *what, const char *path, int number)
{
    char reason[128];
    return err_set(err, number == ENOENT ? ERR_NOT_FOUND : ERR_UNAVAILABLE, "%s cannot be %s: %s",
                   path, what, strerror_r(number, reason, sizeof(reason)));
}

static bool read_all(int fd, const char *path, struct buf *out, struct err *err)
{
    for (;;) {
        char bytes[CHUNK];
        ssize_t got = read(fd, bytes, sizeof(bytes));
        if (got < 0 && errno != EINTR) {
            return fail(err, "read", path, errno);
        }
        if (got == 0) {
            return true;
        }
        if (got > 0 && !buf_append(out, str_make(bytes, (size_t)got))) {
            return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, out->max);
        }
    }
}

bool file_read(const char *path, struct buf *out, struct err *err)
{
    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, "standard input", out, err);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, "read", path, errno);
    }
    bool ok = read_all(fd, path, out, err);
    (void)close(fd);
    return ok;
}

static bool write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = write(fd, bytes.ptr, bytes.len);
        if (sent < 0 && errno != EINTR) {
            return false;
        }
        bytes = str_from(bytes, sent > 0 ? (size_t)sent : 0);
    }
    return true;
}

bool file_write_private(const char *path, struct str bytes, struct err *err)
{
    /* Made anew, so that an old file's rights and readers are not its. */
    if (unlink(path) != 0 && errno != ENOENT) {
        return fail(err, "replaced", path, errno);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, PRIVATE);
    if (fd < 0) {
        return fail(err, "written", path, errno);
    }
    bool ok = write_all(fd, bytes) && fsync(fd) == 0;
    int number = errno;
    if (close(fd) != 0 || !ok) {
        return fail(err, "written", path, ok ? errno : number);
    }
    return true;
}
