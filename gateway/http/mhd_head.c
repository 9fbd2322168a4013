/* mhd_head.c - the head of a request, as libmicrohttpd gives it, in our own form. */
#include "http/mhd_inside.h"
#include "http/strict.h"

static enum MHD_Result
count_header(void *cls, enum MHD_ValueKind kind, const char *n, const char *v)
{
    (void)kind;
    (void)n;
    (void)v;
    (*(size_t *)cls)++;
    return MHD_YES;
}

static enum MHD_Result
keep_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct mhd_stream *s = cls;
    struct request_head *head = &s->stream.head;
    (void)kind;
    char *lower = arena_cstr(&s->stream.arena, str_of(name));
    for (char *c = lower; *c != '\0'; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
    }
    /* The library keeps blanks at the end, and does not take "chunked " for chunked. */
    bool framing = str_eq(str_of(lower), STR("transfer-encoding"));
    s->fields[head->header_count++] =
        (struct header){str_of(lower), framing ? str_of(value) : str_trim(str_of(value))};
    return MHD_YES;
}

static void read_fields(struct mhd_stream *s, const char *method)
{
    struct request_head *head = &s->stream.head;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(s->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    size_t count = 0;
    head->peer = info->socket_context;
    head->method = arena_str(&s->stream.arena, str_of(method));
    (void)MHD_get_connection_values(s->connection, MHD_HEADER_KIND, count_header, &count);
    s->fields = ARENA_ARRAY(&s->stream.arena, struct header, count);
    head->headers = s->fields;
    (void)MHD_get_connection_values(s->connection, MHD_HEADER_KIND, keep_header, s);
}

void mhd_stream_read_head(struct mhd_stream *s, const char *method)
{
    read_fields(s, method);
    strict_read_target(&s->stream.head, s->fields, s->target);
}
