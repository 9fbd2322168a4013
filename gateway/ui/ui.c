#include "ui/ui.h"

#include "base/mem.h"
#include "ui/ui_inside.h"

static bool is_session(struct str path)
{
    return str_eq(path, STR("/session"));
}

/* A browser that was given the address alone. */
static bool is_front_door(const struct request_head *head)
{
    struct str rest = request_header(head, STR("accept"));
    struct str each = STR_EMPTY;
    struct str parameters = STR_EMPTY;
    bool wants_page = false;
    while (rest.len > 0) {
        (void)str_cut(rest, ',', &each, &rest);
        (void)str_cut(each, ';', &each, &parameters);
        wants_page = wants_page || str_eq_nocase(str_trim(each), STR("text/html"));
    }
    return wants_page && str_eq(head->path, STR("/"));
}

bool ui_serves(const struct request_head *head)
{
    return str_starts(head->path, STR("/ui/")) || str_eq(head->path, STR("/ui")) ||
           is_session(head->path) || is_front_door(head);
}

void ui_take(struct ui *ui, struct stream *stream)
{
    stream->user = NULL;
    stream->taker = ui_session_handler();
    ui_add_headers(stream, STR_EMPTY);
    if (is_session(stream->head.path)) {
        ui_session_take(ui, stream);
    } else {
        ui_file_answer(ui, stream);
    }
}

size_t ui_open_count(const struct ui *ui)
{
    return ui == NULL ? 0 : atomic_load(&ui->open);
}

struct ui *ui_new(const struct ui_options *options)
{
    struct ui *ui = NEW(struct ui);
    ui->options = *options;
    ui_files_begin(ui);
    return ui;
}

void ui_free(struct ui *ui)
{
    if (ui != NULL) {
        mem_free(ui->page);
        mem_free(ui);
    }
}
