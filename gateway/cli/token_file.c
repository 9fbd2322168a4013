#include "cli/token_file.h"

#include "base/file.h"
#include "base/mem.h"
#include "cli/server.h"
#include "crypto/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "tokens.json"

enum { FILE_MAX = 4 << 20, PATH_BYTES_MAX = 4096, PRIVATE_DIR = 0700, PRIVATE = 0600 };

static bool fail(struct err *err, const char *what, const char *path)
{
    char text[128];
    int number = errno;
    return err_set(err, ERR_INTERNAL, "%s cannot be %s: %s", path, what,
                   strerror_r(number, text, sizeof(text)));
}

/* With a NUL behind it, which does not count. */
static void put_path(struct buf *path, const char *name)
{
    (void)buf_append(path, str_of(name));
    (void)buf_byte(path, '\0');
    path->len -= path->len > 0 ? 1 : 0;
}

/* The directory, absolute: a relative XDG_CONFIG_HOME is to be passed over. */
static bool find_directory(struct buf *path)
{
    const char *config = server_env("XDG_CONFIG_HOME");
    const char *home = server_env("HOME");
    if (config != NULL && config[0] == '/') {
        (void)buf_append(path, str_of(config));
    } else if (home != NULL && home[0] == '/') {
        (void)buf_append(path, str_of(home));
        (void)buf_append(path, STR("/.config"));
    } else {
        return false;
    }
    put_path(path, "/postern");
    return !path->full;
}

static bool make_directories(const char *path, struct err *err)
{
    char part[PATH_BYTES_MAX];
    size_t len = strlen(path);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, PRIVATE_DIR) != 0 && errno != EEXIST) {
            return fail(err, "made", part);
        }
    }
    return true;
}

/* Who may write into it could put another file there. */
static bool check_directory(const char *path, struct err *err)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return fail(err, "read", path);
    }
    return (info.st_uid == geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0) ||
           err_set(err, ERR_INVALID, "others may write into %s, which has tokens: chmod 700 %s",
                   path, path);
}

static bool check_file(int fd, const char *path, struct err *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return fail(err, "read", path);
    }
    if (!S_ISREG(info.st_mode) || info.st_uid != geteuid()) {
        return err_set(err, ERR_INVALID, "%s is no file of yours", path);
    }
    return (info.st_mode & (S_IRWXG | S_IRWXO)) == 0 ||
           err_set(err, ERR_INVALID,
                   "others may read %s, which has tokens: chmod 600 %s; who may have read it: "
                   "postern logout, then login",
                   path, path);
}

static bool read_bytes(int fd, const char *path, struct buf *out, struct err *err)
{
    ssize_t got = 1;
    while (got != 0) {
        char *room = buf_reserve(out, 4096);
        if (room == NULL) {
            return err_set(err, ERR_LIMIT, "%s is too long", path);
        }
        got = read(fd, room, 4096);
        if (got < 0 && errno != EINTR) {
            return fail(err, "read", path);
        }
        buf_commit(out, got > 0 ? (size_t)got : 0);
    }
    return true;
}

static bool parse(struct token_file *file, struct str text, struct err *err)
{
    json_t *root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_array(json_object_get(root, "tokens"))) {
        json_decref(root);
        return err_set(err, ERR_INVALID, "%s is no file of postern login: remove it, log in again",
                       file->path.ptr);
    }
    json_decref(file->root);
    file->root = root;
    return true;
}

static bool read_tokens(struct token_file *file, const char *directory, struct err *err)
{
    struct buf text;
    int fd = open(file->path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR || fail(err, "read", file->path.ptr);
    }
    buf_init(&text, FILE_MAX);
    bool ok = check_directory(directory, err) && check_file(fd, file->path.ptr, err) &&
              read_bytes(fd, file->path.ptr, &text, err) && parse(file, buf_str(&text), err);
    (void)close(fd);
    if (text.ptr != NULL) {
        crypto_wipe(text.ptr, text.cap);
    }
    buf_done(&text);
    return ok;
}

/* Beside the file, which is another one after each change. */
static bool take_lock(struct token_file *file, const char *directory, struct err *err)
{
    struct buf path;
    buf_init(&path, PATH_BYTES_MAX);
    (void)buf_append(&path, str_of(directory));
    put_path(&path, "/lock");
    file->lock_fd = path.full ? -1 : open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, PRIVATE);
    bool ok = file->lock_fd >= 0;
    while (ok && flock(file->lock_fd, LOCK_EX) != 0) {
        ok = errno == EINTR;
    }
    ok = ok || fail(err, "locked", path.full ? directory : path.ptr);
    buf_done(&path);
    return ok;
}

bool token_file_open(struct token_file *file, bool change, struct err *err)
{
    struct buf directory;
    *file = (struct token_file){.root = json_pack("{s:[]}", "tokens"), .lock_fd = -1};
    buf_init(&file->path, PATH_BYTES_MAX);
    buf_init(&directory, PATH_BYTES_MAX - sizeof("/" NAME));
    bool placed = find_directory(&directory);
    bool ok = placed || !change ||
              err_set(err, ERR_INVALID, "HOME is not set: there is no place to keep tokens in");
    if (placed) {
        (void)buf_append(&file->path, buf_str(&directory));
        put_path(&file->path, "/" NAME);
        ok = (!change ||
              (make_directories(directory.ptr, err) && check_directory(directory.ptr, err) &&
               take_lock(file, directory.ptr, err))) &&
             read_tokens(file, directory.ptr, err);
    }
    buf_done(&directory);
    if (!ok) {
        token_file_close(file);
    }
    return ok;
}

void token_file_close(struct token_file *file)
{
    json_decref(file->root);
    if (file->lock_fd >= 0) {
        (void)close(file->lock_fd);
    }
    buf_done(&file->path);
    *file = (struct token_file){.lock_fd = -1};
}

const char *token_file_path(const struct token_file *file)
{
    return file->path.ptr == NULL ? "" : file->path.ptr;
}

static bool has_text(const json_t *entry, const char *key, struct str text)
{
    const json_t *value = json_object_get(entry, key);
    return json_is_string(value) &&
           str_eq(str_make(json_string_value(value), json_string_length(value)), text);
}

/* How many there are when it is not among them. */
static size_t place_of(const json_t *list, struct str url, struct str realm)
{
    size_t at = 0;
    while (at < json_array_size(list) && !(has_text(json_array_get(list, at), "url", url) &&
                                           has_text(json_array_get(list, at), "realm", realm))) {
        at++;
    }
    return at;
}

json_t *token_file_find(const struct token_file *file, struct str url, struct str realm)
{
    const json_t *list = json_object_get(file->root, "tokens");
    return json_array_get(list, place_of(list, url, realm));
}

bool token_file_drop(struct token_file *file, struct str url, struct str realm)
{
    json_t *list = json_object_get(file->root, "tokens");
    return json_array_remove(list, place_of(list, url, realm)) == 0;
}

void token_file_put(struct token_file *file, json_t *entry)
{
    const char *url = json_string_value(json_object_get(entry, "url"));
    const char *realm = json_string_value(json_object_get(entry, "realm"));
    (void)token_file_drop(file, str_of(url), str_of(realm));
    (void)json_array_append_new(json_object_get(file->root, "tokens"), entry);
}

bool token_file_save(struct token_file *file, struct err *err)
{
    struct buf next;
    buf_init(&next, PATH_BYTES_MAX + 8);
    (void)buf_append(&next, buf_str(&file->path));
    put_path(&next, ".new"); /* one at a time: the lock is ours */
    char *text = json_dumps(file->root, JSON_INDENT(2));
    bool ok = file_write_private(next.ptr, str_of(text), err);
    if (ok && rename(next.ptr, file->path.ptr) != 0) {
        ok = fail(err, "replaced", file->path.ptr);
    }
    crypto_wipe(text, strlen(text));
    free(text);
    buf_done(&next);
    return ok;
}
