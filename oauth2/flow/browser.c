/* browser.c - what a browser brings along: the cookie of its login, and the one that shows that a
 * form comes from our page (a random value that must stand in both). */
#include "base/encode.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "flow/flow_inside.h"

enum { SECRET_BYTES = 32, MARK_LEN = 43, SUFFIX = 8 };

struct str flow_digest(struct flow_call *call, struct str secret)
{
    struct hash_sha256 hash = hash_sha256(secret);
    struct buf text;
    buf_init(&text, 2 * (size_t)HASH_SHA256_SIZE);
    (void)base64_encode(BASE64_URL, hash_str(&hash), &text);
    struct str out = arena_str(call->arena, buf_str(&text));
    buf_done(&text);
    return out;
}

/* Each realm has cookies of its own. __Host- keeps them on this host and to TLS; without TLS, on
 * a machine of its own, there is no such name. */
static struct str cookie_name(struct flow_call *call, const char *what)
{
    struct str digest = flow_digest(call, call->request.realm);
    return arena_printf(call->arena, "%spostern-%s-" PRISTR, call->request.secure ? "__Host-" : "",
                        what, STRARG(str_sub(digest, 0, SUFFIX)));
}

static struct str cookie_value(struct flow_call *call, const char *what)
{
    struct str name = cookie_name(call, what);
    struct str rest = call->request.cookie;
    struct str pair = STR_EMPTY;
    struct str have = STR_EMPTY;
    struct str value = STR_EMPTY;
    while (rest.len > 0) {
        (void)str_cut(rest, ';', &pair, &rest);
        if (str_cut(str_trim(pair), '=', &have, &value) && str_eq(have, name)) {
            return value;
        }
    }
    return STR_EMPTY;
}

static struct str
cookie_text(struct flow_call *call, const char *what, struct str value, uint64_t max_age_s)
{
    struct str name = cookie_name(call, what);
    return arena_printf(call->arena,
                        PRISTR "=" PRISTR "; Path=/; HttpOnly; SameSite=Lax; Max-Age=%llu%s",
                        STRARG(name), STRARG(value), (unsigned long long)max_age_s,
                        call->request.secure ? "; Secure" : "");
}

struct str flow_login_shown(struct flow_call *call)
{
    return cookie_value(call, "login");
}

struct str flow_login_cookie(struct flow_call *call, struct str secret)
{
    return cookie_text(call, "login", secret, secret.len > 0 ? call->options->login_s : 0);
}

/* One that we may have made: whatever else a cookie has is not shown, nor set again. */
static bool is_mark(struct str mark)
{
    for (size_t i = 0; i < mark.len; i++) {
        char c = mark.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              c == '-' || c == '_')) {
            return false;
        }
    }
    return mark.len == MARK_LEN;
}

struct str flow_form_mark(struct flow_call *call)
{
    struct str mark = cookie_value(call, "form");
    return is_mark(mark) ? mark : flow_random_text(call, SECRET_BYTES);
}

struct str flow_form_cookie(struct flow_call *call, struct str mark)
{
    /* Lax: an application that sends the browser here shows it, so that a page in another tab keeps
     * its mark; a form that another site sends does not. */
    return cookie_text(call, "form", mark, call->options->login_s);
}

bool flow_form_is_ours(struct flow_call *call)
{
    struct str shown = cookie_value(call, "form");
    struct str sent = form_value(call->request.form, STR("form_mark"));
    struct str origin = call->request.origin;
    struct str own = call->request.issuer;
    bool same_origin =
        origin.len == 0 || str_eq(origin, STR("null")) ||
        (str_starts(own, origin) && own.len > origin.len && own.ptr[origin.len] == '/');
    return same_origin && is_mark(shown) && crypto_equal(shown, sent);
}

struct str flow_consent_mark(struct flow_call *call,
                             const struct rbac_user *user,
                             struct str client,
                             struct str scope)
{
    return flow_digest(call, arena_printf(call->arena, PRISTR "\n" PRISTR "\n" PRISTR "\n" PRISTR,
                                          STRARG(call->request.realm), STRARG(user->username),
                                          STRARG(client), STRARG(scope)));
}
