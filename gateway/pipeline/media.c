#include "pipeline/media.h"

struct str media_type(struct str content_type)
{
    struct str type = STR_EMPTY;
    struct str parameters = STR_EMPTY;
    (void)str_cut(content_type, ';', &type, &parameters);
    return str_trim(type);
}

enum serializer media_serializer(struct str type)
{
    if (str_eq_nocase(type, MEDIA_JSON) ||
        (str_starts(type, STR("application/")) && str_ends(type, STR("+json")))) {
        return SERIALIZER_JSON;
    }
    return str_eq_nocase(type, MEDIA_MSGPACK) ? SERIALIZER_MSGPACK : SERIALIZER_NONE;
}

bool media_is_yaml(struct str type)
{
    return str_eq_nocase(type, STR("application/yaml")) ||
           str_eq_nocase(type, STR("application/x-yaml")) ||
           str_eq_nocase(type, STR("text/yaml")) ||
           (str_starts(type, STR("application/")) && str_ends(type, STR("+yaml")));
}

bool media_listed(const struct media_list *list, struct str type)
{
    for (size_t i = 0; i < list->count; i++) {
        if (str_eq_nocase(list->types[i], type)) {
            return true;
        }
    }
    return false;
}

/* "q=0.25" -> 250; no or an unreadable q counts as 1. */
static unsigned quality(struct str parameters)
{
    struct str rest = parameters;
    struct str part = STR_EMPTY;
    bool more = true;
    while (more) {
        more = str_cut(rest, ';', &part, &rest);
        part = str_trim(part);
        if (part.len < 3 || (part.ptr[0] != 'q' && part.ptr[0] != 'Q') || part.ptr[1] != '=') {
            continue;
        }
        unsigned value = part.ptr[2] == '1' ? 1000 : 0;
        unsigned place = 100;
        for (size_t i = 4; i < part.len && i < 7 && part.ptr[i] >= '0' && part.ptr[i] <= '9'; i++) {
            value += (unsigned)(part.ptr[i] - '0') * place;
            place /= 10;
        }
        return value > 1000 ? 1000 : value;
    }
    return 1000;
}

/* How exactly a range names a type: 3 itself, 2 its main type, 1 anything, 0 not. */
static unsigned specificity(struct str range, struct str type)
{
    if (str_eq(range, STR("*/*")) || str_eq(range, STR("*"))) {
        return 1;
    }
    if (str_ends(range, STR("/*"))) {
        struct str main = str_sub(range, 0, range.len - 1);
        return str_eq_nocase(main, str_sub(type, 0, main.len)) ? 2 : 0;
    }
    return str_eq_nocase(range, type) ? 3 : 0;
}

typedef unsigned (*specificity_fn)(struct str range, struct str offered);

/* The q-value that the header gives to one offered value: the most specific range counts. */
static unsigned weight(struct str header, struct str offered, specificity_fn match)
{
    struct str rest = header;
    struct str item = STR_EMPTY;
    unsigned best = 0;
    unsigned found = 0;
    bool more = true;
    while (more) {
        struct str range = STR_EMPTY;
        struct str parameters = STR_EMPTY;
        more = str_cut(rest, ',', &item, &rest);
        (void)str_cut(item, ';', &range, &parameters);
        unsigned level = match(str_trim(range), offered);
        if (level > best) {
            best = level;
            found = quality(parameters);
        }
    }
    return found;
}

static struct str
negotiate(const struct media_list *offered, struct str header, specificity_fn match)
{
    struct str best = STR_EMPTY;
    unsigned best_weight = 0;
    for (size_t i = 0; i < offered->count; i++) {
        unsigned here = weight(header, offered->types[i], match);
        if (here > best_weight) {
            best_weight = here;
            best = offered->types[i];
        }
    }
    return best;
}

struct str media_negotiate(const struct media_list *offered, struct str accept)
{
    if (str_trim(accept).len == 0 || str_eq(accept, STR("*/*"))) {
        return offered->count > 0 ? offered->types[0] : STR_EMPTY;
    }
    return negotiate(offered, accept, specificity);
}

/* RFC 4647, 3.3.1: "de" fits "de-at". */
static unsigned language_fits(struct str range, struct str tag)
{
    if (str_eq(range, STR("*"))) {
        return 1;
    }
    if (str_eq_nocase(range, tag)) {
        return 3;
    }
    bool longer = range.len < tag.len && tag.ptr[range.len] == '-';
    return longer && str_eq_nocase(range, str_sub(tag, 0, range.len)) ? 2 : 0;
}

struct str language_negotiate(const struct media_list *offered, struct str accept)
{
    struct str best = accept.len == 0 ? STR_EMPTY : negotiate(offered, accept, language_fits);
    return best.len == 0 && offered->count > 0 ? offered->types[0] : best;
}
