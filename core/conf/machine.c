/* machine.c - what this process may use: cores and memory. */
#include "conf/inside.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

uint64_t machine_cores(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : (uint64_t)count;
}

/* The first bytes of a file, trimmed; empty when it cannot be read. */
static struct str peek(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, out, size);
    if (fd >= 0) {
        (void)close(fd);
    }
    return str_trim(str_make(out, got < 0 ? 0 : (size_t)got));
}

static void lower(uint64_t *limit, const char *path)
{
    char text[64];
    uint64_t found = 0;
    /* "max" is no number and no limit. */
    if (str_to_u64(peek(path, text, sizeof(text)), &found) && found > 0 && found < *limit) {
        *limit = found;
    }
}

/* A limit may stand at any group above the process's own. */
static void lower_by_groups(uint64_t *limit)
{
    char text[1024];
    struct str line = peek("/proc/self/cgroup", text, sizeof(text));
    struct str group = STR_EMPTY;
    if (!str_cut(line, '\n', &group, &line)) {
        group = line;
    }
    if (!str_starts(group, STR("0::/"))) {
        lower(limit, "/sys/fs/cgroup/memory/memory.limit_in_bytes");
        return;
    }
    /* The group and each one above it. */
    for (group = str_from(group, 3); group.len > 0; group.len--) {
        char path[sizeof(text) + 64];
        (void)snprintf(path, sizeof(path), "/sys/fs/cgroup" PRISTR "/memory.max", STRARG(group));
        lower(limit, path);
        while (group.len > 1 && group.ptr[group.len - 1] != '/') {
            group.len--;
        }
    }
    lower(limit, "/sys/fs/cgroup/memory.max");
}

uint64_t machine_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long size = sysconf(_SC_PAGESIZE);
    uint64_t limit = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : UINT64_MAX;
    lower_by_groups(&limit);
    return limit;
}
