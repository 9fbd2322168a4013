#include "cli/request_path.h"

void request_path_encode(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        (void)buf_printf(out, plain ? "%c" : "%%%02X", c);
    }
}

/* What a place in braces stands for; NULL: nothing was typed. */
static const char *value_of(const struct command *command, struct str place)
{
    uint64_t word = 0;
    if (str_to_u64(place, &word)) {
        return word < command->word_count ? command->words[word] : NULL;
    }
    return command->realm;
}

/* A client library or a proxy would take these out of the path, and another thing would be meant:
 * "user delete .." the realm. */
static bool is_segment(const char *value)
{
    struct str text = str_of(value);
    return text.len > 0 && !str_eq(text, STR(".")) && !str_eq(text, STR(".."));
}

static bool put_place(const struct command *command, struct str place, struct buf *out)
{
    const char *value = value_of(command, place);
    bool in_query = str_find(buf_str(out), '?') >= 0;
    if (value == NULL && in_query) {
        ptrdiff_t mark = str_find(buf_str(out), '?');
        out->len = (size_t)mark;
        return true;
    }
    if (value == NULL) {
        command_complain("in which realm? --realm URI; postern realm list names them");
        return false;
    }
    if (!in_query && !is_segment(value)) {
        command_complain("\"%s\" is no name", value);
        return false;
    }
    request_path_encode(out, str_of(value));
    return true;
}

bool request_path_fill(const struct command *command, const char *path, struct buf *out)
{
    struct str rest = str_of(path);
    bool more = true;
    while (more) {
        struct str text = STR_EMPTY;
        struct str place = STR_EMPTY;
        more = str_cut(rest, '{', &text, &rest);
        (void)buf_append(out, text);
        if (more) {
            (void)str_cut(rest, '}', &place, &rest);
            if (!put_place(command, place, out)) {
                return false;
            }
        }
    }
    return true;
}

void request_path_query(struct buf *path, const char *name, const char *value)
{
    if (value != NULL) {
        (void)buf_printf(path, "%c%s=", str_find(buf_str(path), '?') < 0 ? '?' : '&', name);
        request_path_encode(path, str_of(value));
    }
}
