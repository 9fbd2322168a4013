/* page.c - the pages that people see: plain HTML that needs no script. */
#include "oauth/oauth_inside.h"

static void put_escaped(struct buf *out, struct str text)
{
    static const struct {
        char c;
        struct str entity;
    } rows[] = {{'&', STR_INIT("&amp;")},
                {'<', STR_INIT("&lt;")},
                {'>', STR_INIT("&gt;")},
                {'"', STR_INIT("&quot;")},
                {'\'', STR_INIT("&#39;")}};
    for (size_t i = 0; i < text.len; i++) {
        size_t row = 0;
        while (row < sizeof(rows) / sizeof(rows[0]) && rows[row].c != text.ptr[i]) {
            row++;
        }
        (void)(row < sizeof(rows) / sizeof(rows[0]) ? buf_append(out, rows[row].entity)
                                                    : buf_byte(out, text.ptr[i]));
    }
}

static struct str field(const json_t *fields, const char *key)
{
    const char *text = json_string_value(json_object_get(fields, key));
    return str_of(text == NULL ? "" : text);
}

void oauth_page(enum flow_page page, const json_t *fields, struct buf *out)
{
    (void)page;
    (void)buf_append(out, STR("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                              "<meta name=\"viewport\" content=\"width=device-width\">\n<title>"));
    put_escaped(out, field(fields, "title"));
    (void)buf_append(out, STR("</title>\n<main>\n<h1>"));
    put_escaped(out, field(fields, "title"));
    (void)buf_append(out, STR("</h1>\n<p>"));
    put_escaped(out, field(fields, "text"));
    (void)buf_append(out, STR("</p>\n</main>\n</html>\n"));
}
