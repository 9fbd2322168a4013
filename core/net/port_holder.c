#include "net/port_holder.h"

#include "base/str.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATE_LISTEN = 0x0A };

/* The inode of a socket that listens on `port`, or 0. */
static unsigned long find_inode(const char *table, uint16_t port)
{
    FILE *file = fopen(table, "re");
    if (file == NULL) {
        return 0;
    }
    char line[512];
    unsigned long inode = 0;
    while (inode == 0 && fgets(line, sizeof(line), file) != NULL) {
        unsigned local;
        unsigned state;
        unsigned long found;
        /* sl: local:port remote:port state queues timer retransmits uid timeout inode */
        if (sscanf(line, /* NOLINT(cert-err34-c): the kernel's own format */
                   " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu", &local,
                   &state, &found) == 3 &&
            local == port && state == STATE_LISTEN) {
            inode = found;
        }
    }
    (void)fclose(file);
    return inode;
}

static bool has_socket(const char *pid, const char *socket_name)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return false;
    }
    bool found = false;
    const struct dirent *entry;
    while (!found && (entry = readdir(dir)) != NULL) {
        char target[64];
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
        if (len > 0) {
            target[len] = '\0';
            found = strcmp(target, socket_name) == 0;
        }
    }
    (void)closedir(dir);
    return found;
}

static void read_name(const char *pid, struct port_holder *holder)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
    (void)snprintf(holder->name, sizeof(holder->name), "?");
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return;
    }
    if (fgets(holder->name, sizeof(holder->name), file) != NULL) {
        holder->name[strcspn(holder->name, "\n")] = '\0';
    }
    (void)fclose(file);
}

bool port_holder_find(uint16_t port, struct port_holder *out)
{
    unsigned long inode = find_inode("/proc/net/tcp", port);
    if (inode == 0) {
        inode = find_inode("/proc/net/tcp6", port);
    }
    DIR *dir = inode != 0 ? opendir("/proc") : NULL;
    if (dir == NULL) {
        return false;
    }
    char wanted[64];
    (void)snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
    bool found = false;
    const struct dirent *entry;
    while (!found && (entry = readdir(dir)) != NULL) {
        uint64_t pid;
        if (str_to_u64(str_of(entry->d_name), &pid) && has_socket(entry->d_name, wanted)) {
            struct port_holder holder = {.pid = (pid_t)pid};
            read_name(entry->d_name, &holder);
            *out = holder;
            found = true;
        }
    }
    (void)closedir(dir);
    return found;
}
