/* files.c - the console's files: found by their names alone, gzip as they are or, for who does not
 * take that, inflated. A path that is no file's is the console's own, which its first page reads.
 * There are no ranges: a file is a few hundred kilobytes. */
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/etag.h"
#include "pipeline/path.h"
#include "pipeline/problem.h"
#include "ui/gunzip.h"
#include "ui/ui_inside.h"

#include <string.h>

#define INDEX       STR("index.html")
/* Where the index has this, each answer has its own nonce, for styles that a script makes. */
#define NONCE_PLACE STR("__CSP_NONCE__")

enum { FILE_MAX = 16 << 20, HEADERS_MAX = 8 };

static const struct ui_file *find(const struct ui *ui, struct str path)
{
    for (size_t i = 0; i < ui->options.bundle->count; i++) {
        if (str_eq(ui->options.bundle->files[i].path, path)) {
            return &ui->options.bundle->files[i];
        }
    }
    return NULL;
}

static struct str extension(struct str path)
{
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '.' && path.ptr[at - 1] != '/') {
        at--;
    }
    return at > 0 && path.ptr[at - 1] == '.' ? str_from(path, at) : STR_EMPTY;
}

static bool accepts_pages(const struct request_head *head)
{
    struct str accept = request_header(head, STR("accept"));
    return memmem(accept.ptr == NULL ? "" : accept.ptr, accept.len, "text/html", 9) != NULL;
}

/* Of a file that there was once, or never: it is called as files are, and nobody wants a page. */
static bool is_lost_file(const struct ui *ui, const struct request_head *head, struct str path)
{
    struct str kind = extension(path);
    bool called_so = str_eq(kind, STR("map"));
    for (size_t i = 0; i < ui->options.bundle->count; i++) {
        called_so = called_so ||
                    (kind.len > 0 && str_eq(kind, extension(ui->options.bundle->files[i].path)));
    }
    return called_so && !accepts_pages(head);
}

/* "q=0", "q=0.000" */
static bool is_refused(struct str parameters)
{
    struct str each = STR_EMPTY;
    while (parameters.len > 0) {
        (void)str_cut(parameters, ';', &each, &parameters);
        each = str_trim(each);
        if (each.len < 3 || !str_eq_nocase(str_sub(each, 0, 2), STR("q=")) || each.ptr[2] != '0') {
            continue;
        }
        bool zero = true;
        for (size_t i = 3; i < each.len; i++) {
            zero = zero && (each.ptr[i] == '0' || each.ptr[i] == '.');
        }
        return zero;
    }
    return false;
}

/* RFC 9110, 12.5.3. */
static bool takes_gzip(const struct request_head *head)
{
    struct str rest = request_header(head, STR("accept-encoding"));
    struct str each = STR_EMPTY;
    struct str parameters = STR_EMPTY;
    bool any = false;
    while (rest.len > 0) {
        (void)str_cut(rest, ',', &each, &rest);
        (void)str_cut(each, ';', &each, &parameters);
        each = str_trim(each);
        if (str_eq_nocase(each, STR("gzip")) || str_eq_nocase(each, STR("x-gzip"))) {
            return !is_refused(parameters);
        }
        any = any || (str_eq(each, STR("*")) && !is_refused(parameters));
    }
    return any;
}

static void send_answer(
    struct stream *stream, unsigned status, struct header *headers, size_t count, struct str body)
{
    stream_begin(stream, status, headers, count, (int64_t)body.len);
    (void)stream_write(stream, body);
    stream_end(stream);
}

/* The index with a nonce is another one each time: nothing to compare with, and small. */
static void send_page(const struct ui *ui, struct stream *stream)
{
    struct str nonce = ui_nonce(&stream->arena);
    struct str rest = str_of(ui->page);
    struct buf out;
    buf_init(&out, FILE_MAX);
    while (rest.len > 0) {
        const char *at = memmem(rest.ptr, rest.len, NONCE_PLACE.ptr, NONCE_PLACE.len);
        size_t before = at == NULL ? rest.len : (size_t)(at - rest.ptr);
        (void)buf_append(&out, str_sub(rest, 0, before));
        if (at != NULL) {
            (void)buf_append(&out, nonce);
            before += NONCE_PLACE.len;
        }
        rest = str_from(rest, before);
    }
    ui_add_headers(stream, nonce);
    struct header headers[] = {{STR("content-type"), ui->index->type},
                               {STR("cache-control"), STR("no-cache")}};
    send_answer(stream, 200, headers, COUNT_OF(headers), buf_str(&out));
    buf_done(&out);
}

static void send_inflated(const struct ui_file *file,
                          struct stream *stream,
                          struct header *headers,
                          size_t count)
{
    struct buf plain;
    buf_init(&plain, FILE_MAX);
    if (gunzip(file->gzip, &plain)) {
        send_answer(stream, 200, headers, count, buf_str(&plain));
    } else {
        log_error("a file of the console cannot be inflated", KV_STR("path", file->path));
        ui_refuse(stream, &(struct http_problem){
                              .status = 500,
                              .code = STR("postern.ui"),
                              .detail = STR("the file in the program is damaged"),
                          });
    }
    buf_done(&plain);
}

static void send_file(const struct ui_file *file, struct stream *stream)
{
    bool gzip = takes_gzip(&stream->head);
    struct header headers[HEADERS_MAX];
    size_t count = 0;
    struct str etag = arena_printf(&stream->arena, "\"" PRISTR "%s\"", STRARG(file->digest),
                                   gzip ? "" : "-plain");
    headers[count++] = (struct header){STR("etag"), etag};
    headers[count++] = (struct header){STR("vary"), STR("Accept-Encoding")};
    headers[count++] = (struct header){STR("cache-control"),
                                       file->immutable ? STR("public, max-age=31536000, immutable")
                                                       : STR("no-cache")};
    if (etag_listed(&stream->head, etag)) {
        send_answer(stream, 304, headers, count, STR_EMPTY);
        return;
    }
    headers[count++] = (struct header){STR("content-type"), file->type};
    headers[count++] = (struct header){STR("accept-ranges"), STR("none")};
    if (gzip) {
        headers[count++] = (struct header){STR("content-encoding"), STR("gzip")};
        send_answer(stream, 200, headers, count, file->gzip);
    } else {
        send_inflated(file, stream, headers, count);
    }
}

static void send_away(struct stream *stream)
{
    struct header headers[] = {{STR("location"), STR("/ui/")},
                               {STR("cache-control"), STR("no-cache")}};
    send_answer(stream, 302, headers, COUNT_OF(headers), STR_EMPTY);
}

/* For a person, who has opened it in a browser. */
static void send_nothing_built(struct stream *stream)
{
    struct header headers[] = {{STR("content-type"), STR("text/plain; charset=utf-8")},
                               {STR("cache-control"), STR("no-store")}};
    send_answer(
        stream, 404, headers, COUNT_OF(headers),
        STR("This program was built without the web console: ./dev ui, and build again.\n"));
}

static void refuse(struct stream *stream, unsigned status, struct str code, const char *detail)
{
    ui_refuse(stream, &(struct http_problem){
                          .status = status,
                          .code = code,
                          .detail = str_of(detail),
                          .header = status == 405 ? (struct header){STR("allow"), STR("GET, HEAD")}
                                                  : (struct header){STR_EMPTY, STR_EMPTY},
                      });
}

static void answer_path(struct ui *ui, struct stream *stream, struct str path)
{
    const struct ui_file *file = find(ui, path);
    if (file == NULL && is_lost_file(ui, &stream->head, path)) {
        refuse(stream, 404, STR("http.not_found"), "the console has no such file");
        return;
    }
    file = file == NULL ? ui->index : file;
    if (file == ui->index && ui->page != NULL) {
        send_page(ui, stream);
    } else {
        send_file(file, stream);
    }
}

void ui_file_answer(struct ui *ui, struct stream *stream)
{
    struct str method = stream->head.method;
    struct str path = STR_EMPTY;
    const char *why = NULL;
    if (!str_eq(method, STR("GET")) && !str_eq(method, STR("HEAD"))) {
        refuse(stream, 405, STR("http.method_not_allowed"), "this path is read, and nothing else");
    } else if (!path_canonical(stream->head.path, &stream->arena, &path, &why)) {
        refuse(stream, 400, STR("http.path"), why);
    } else if (!str_starts(path, STR("/ui/"))) {
        send_away(stream);
    } else if (ui->index == NULL) {
        send_nothing_built(stream);
    } else {
        answer_path(ui, stream, str_from(path, STR("/ui/").len));
    }
}

void ui_files_begin(struct ui *ui)
{
    struct buf page;
    ui->index = find(ui, INDEX);
    buf_init(&page, FILE_MAX);
    if (ui->index != NULL && gunzip(ui->index->gzip, &page) &&
        memmem(page.ptr, page.len, NONCE_PLACE.ptr, NONCE_PLACE.len) != NULL) {
        ui->page = str_dup(buf_str(&page));
    }
    buf_done(&page);
}
