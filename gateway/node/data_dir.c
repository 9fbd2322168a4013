/* data_dir.c - the node's folder: made if missing, locked against a second node. */
#include "base/buf.h"
#include "node/node_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE_MAX = 4096 };

/* The folder and those above it. */
static bool make_dirs(const char *dir)
{
    struct buf path;
    bool made = true;
    buf_init(&path, PATH_SIZE_MAX);
    (void)buf_printf(&path, "%s%c", dir, '\0');
    for (size_t i = 1; made && i < path.len && !path.full; i++) {
        if (path.ptr[i] == '/' || path.ptr[i] == '\0') {
            char kept = path.ptr[i];
            path.ptr[i] = '\0';
            made = mkdir(path.ptr, 0700) == 0 || errno == EEXIST;
            path.ptr[i] = kept;
        }
    }
    int number = errno;
    buf_done(&path);
    errno = number;
    return made;
}

bool data_dir_open(struct node *node, struct err *err)
{
    const char *dir = node->conf->data.dir;
    struct buf path;
    char reason[128];
    if (!make_dirs(dir)) {
        return err_set(err, ERR_UNAVAILABLE, "cannot make the data directory %s: %s", dir,
                       strerror_r(errno, reason, sizeof(reason)));
    }
    buf_init(&path, PATH_SIZE_MAX);
    (void)buf_printf(&path, "%s/lock%c", dir, '\0');
    node->lock_fd = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    buf_done(&path);
    if (node->lock_fd < 0) {
        return err_set(err, ERR_UNAVAILABLE, "cannot write in the data directory %s: %s", dir,
                       strerror_r(errno, reason, sizeof(reason)));
    }
    if (flock(node->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return err_set(err, ERR_CONFLICT,
                       "another node uses the data directory %s: stop it, or give this one a "
                       "directory of its own with --data DIR",
                       dir);
    }
    return true;
}

void data_dir_close(struct node *node)
{
    if (node->lock_fd >= 0) {
        (void)close(node->lock_fd);
        node->lock_fd = -1;
    }
}
