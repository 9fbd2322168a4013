/* session.c - a browser's cookie as a credential: which it is, and whether the browser was made to
 * send it by somebody else's page. Pure.
 *
 * The cookie is SameSite=Strict already. This is for browsers that do not know the
 * word, and for pages of other ports of this host, which are the same site. */
#include "access/access_inside.h"
#include "base/buf.h"
#include "http/own_origin.h"

/* Two of the name are none: it is a choice for nobody. */
struct str session_shown(const struct request_head *head)
{
    struct str found = STR_EMPTY;
    for (size_t i = 0; i < head->header_count; i++) {
        struct str rest = head->headers[i].value;
        bool cookies = str_eq(head->headers[i].name, STR("cookie"));
        while (cookies && rest.len > 0) {
            struct str pair = STR_EMPTY;
            struct str name = STR_EMPTY;
            struct str value = STR_EMPTY;
            (void)str_cut(rest, ';', &pair, &rest);
            if (!str_cut(str_trim(pair), '=', &name, &value) || !str_eq(name, STR(ACCESS_COOKIE))) {
                continue;
            }
            if (found.len > 0) {
                return STR_EMPTY;
            }
            found = value;
        }
    }
    return found;
}

struct str access_without_session(struct str cookies, struct arena *arena)
{
    struct str rest = cookies;
    struct str pair = STR_EMPTY;
    struct buf kept;
    buf_init(&kept, 2 * cookies.len + 1);
    while (rest.len > 0) {
        (void)str_cut(rest, ';', &pair, &rest);
        pair = str_trim(pair);
        if (!str_starts(pair, STR(ACCESS_COOKIE "="))) {
            (void)(kept.len == 0 || buf_append(&kept, STR("; ")));
            (void)buf_append(&kept, pair);
        }
    }
    struct str out = arena_str(arena, buf_str(&kept));
    buf_done(&kept);
    return out;
}

static bool is_written_by_forms(struct str content_type)
{
    static const struct str types[] = {STR_INIT("application/x-www-form-urlencoded"),
                                       STR_INIT("multipart/form-data"), STR_INIT("text/plain")};
    struct str bare = STR_EMPTY;
    struct str parameters = STR_EMPTY;
    (void)str_cut(content_type, ';', &bare, &parameters);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (str_eq_nocase(str_trim(bare), types[i])) {
            return true;
        }
    }
    return false;
}

bool session_forged(const struct request_head *head, const char **out_why)
{
    struct str site = request_header(head, STR("sec-fetch-site"));
    if (str_eq(head->method, STR("GET")) || str_eq(head->method, STR("HEAD"))) {
        *out_why = "it comes from a page of another origin";
        return !own_origin(head);
    }
    if (!str_eq(request_header(head, STR(ACCESS_SCRIPT_HEADER)), STR("1"))) {
        *out_why = "without the header X-Postern-CSRF: 1 any page could have sent it";
    } else if (!own_origin(head) || (site.len > 0 && !str_eq(site, STR("same-origin")))) {
        *out_why = "it comes from a page of another origin";
    } else if (is_written_by_forms(request_header(head, STR("content-type")))) {
        *out_why = "its body is of a type that any page's form can send";
    } else {
        return false;
    }
    return true;
}

bool session_script_asks(const struct request_head *head)
{
    struct str mode = request_header(head, STR("sec-fetch-mode"));
    return request_header(head, STR(ACCESS_SCRIPT_HEADER)).len > 0 || str_eq(mode, STR("cors")) ||
           str_eq(mode, STR("same-origin"));
}
