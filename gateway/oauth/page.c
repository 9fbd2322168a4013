/* page.c - the pages that people see: plain HTML, one look, no script. Everything that is not of
 * this file is escaped. */
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "oauth/oauth_inside.h"

static const char style[] =
    ":root{color-scheme:light "
    "dark;--ink:#1b1f24;--paper:#f4f5f7;--card:#fff;--line:#c9ced6;--edge:#6d7580;"
    "--accent:#0b5cad;--wrong:#a1161c}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#15181c;--card:#20242a;"
    "--line:#4a515b;--edge:#8d949e;--accent:#7db7f2;--wrong:#ff9a95}}"
    "*{box-sizing:border-box}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);"
    "color:var(--ink);font:16px/1.5 system-ui,sans-serif}"
    "main{width:min(26rem,100vw - 2rem);background:var(--card);border:1px solid var(--line);"
    "border-radius:.75rem;padding:2rem}"
    "h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:.5rem 0 1rem;overflow-wrap:anywhere}"
    "label{display:block;font-weight:600;margin:1rem 0 .25rem}"
    "input{width:100%;font:inherit;padding:.6rem;border:1px solid var(--edge);"
    "border-radius:.4rem;background:var(--paper);color:inherit}"
    "::placeholder{color:inherit;opacity:.75}"
    "button{font:inherit;font-weight:600;margin:1.25rem .5rem 0 0;padding:.6rem 1.2rem;"
    "border:1px solid var(--accent);border-radius:.4rem;background:var(--accent);"
    "color:var(--card);cursor:pointer}"
    "button.quiet{background:none;color:var(--accent)}"
    "ul{margin:.5rem 0;padding-left:1.25rem}"
    ":focus-visible{outline:3px solid var(--accent);outline-offset:2px}"
    ".code{white-space:nowrap}.wrong{color:var(--wrong);font-weight:600}";

void oauth_page_style_hash(struct buf *out)
{
    struct hash_sha256 hash = hash_sha256(str_of(style));
    (void)buf_append(out, STR("'sha256-"));
    (void)base64_encode(BASE64_STANDARD, hash_str(&hash), out);
    (void)buf_byte(out, '\'');
}

static void put(struct buf *out, const char *html)
{
    (void)buf_append(out, str_of(html));
}

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
        while (row < COUNT_OF(rows) && rows[row].c != text.ptr[i]) {
            row++;
        }
        (void)(row < COUNT_OF(rows) ? buf_append(out, rows[row].entity)
                                    : buf_byte(out, text.ptr[i]));
    }
}

static struct str field(const json_t *fields, const char *key)
{
    const json_t *value = json_object_get(fields, key);
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

static void put_field(struct buf *out, const json_t *fields, const char *key)
{
    put_escaped(out, field(fields, key));
}

static void put_hidden(struct buf *out, const char *name, struct str value)
{
    put(out, "<input type=\"hidden\" name=\"");
    put_escaped(out, str_of(name));
    put(out, "\" value=\"");
    put_escaped(out, value);
    put(out, "\">\n");
}

/* A form that sends the request's own parameters again. */
static void begin_form(struct buf *out, const json_t *fields)
{
    const char *key;
    json_t *value;
    put(out, "<form method=\"post\" action=\"");
    put_field(out, fields, "action");
    put(out, "\">\n");
    put_hidden(out, "form_mark", field(fields, "form_mark"));
    json_object_foreach(json_object_get(fields, "hidden"), key, value)
    {
        put_hidden(out, key, str_make(json_string_value(value), json_string_length(value)));
    }
}

static void put_wrong(struct buf *out, const json_t *fields)
{
    if (field(fields, "wrong").len > 0) {
        put(out, "<p class=\"wrong\" role=\"alert\">");
        put_field(out, fields, "wrong");
        put(out, "</p>\n");
    }
}

/* With who it was that could not come in, and the focus where the next word belongs. */
static void put_credentials(struct buf *out, const json_t *fields)
{
    struct str name = field(fields, "username");
    put(out, "<label for=\"username\">Name</label>\n"
             "<input id=\"username\" name=\"username\" autocomplete=\"username\" "
             "autocapitalize=\"none\" spellcheck=\"false\" required");
    if (name.len > 0) {
        put(out, " value=\"");
        put_escaped(out, name);
        put(out, "\"");
    }
    put(out, name.len > 0 ? ">\n" : " autofocus>\n");
    put(out, "<label for=\"password\">Password</label>\n"
             "<input id=\"password\" name=\"password\" type=\"password\" "
             "autocomplete=\"current-password\" required");
    put(out, name.len > 0 ? " autofocus>\n" : ">\n");
}

static void put_login(struct buf *out, const json_t *fields)
{
    if (field(fields, "client").len > 0) {
        put(out, "<p>to go on to <strong>");
        put_field(out, fields, "client");
        put(out, "</strong></p>\n");
    }
    put_wrong(out, fields);
    begin_form(out, fields);
    put_credentials(out, fields);
    put(out, "<button>Log in</button>\n</form>\n");
}

/* What OpenID Connect's words mean; all others are names of groups. */
static struct str meaning_of(struct str word)
{
    static const struct {
        struct str word;
        struct str meaning;
    } rows[] = {{STR_INIT("openid"), STR_INIT("your name")},
                {STR_INIT("profile"), STR_INIT("what is known about you")},
                {STR_INIT("email"), STR_INIT("your e-mail address")},
                {STR_INIT("offline_access"), STR_INIT("also while you are away")}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (str_eq(word, rows[i].word)) {
            return rows[i].meaning;
        }
    }
    return STR_EMPTY;
}

static void put_scope(struct buf *out, struct str scope)
{
    struct str word = STR_EMPTY;
    put(out, "<ul>\n");
    while (scope.len > 0) {
        (void)str_cut(scope, ' ', &word, &scope);
        struct str meaning = meaning_of(word);
        put(out, "<li>");
        put_escaped(out, word);
        put(out, meaning.len > 0 ? ": " : "");
        (void)buf_append(out, meaning);
        put(out, "</li>\n");
    }
    put(out, "</ul>\n");
}

static void put_consent(struct buf *out, const json_t *fields)
{
    struct str scope = field(fields, "scope");
    put(out, "<p><strong>");
    put_field(out, fields, "client");
    put(out, "</strong> wants to act for you, <strong>");
    put_field(out, fields, "user");
    put(out, scope.len > 0 ? "</strong>, with what these give you:</p>\n" : "</strong>.</p>\n");
    if (scope.len > 0) {
        put_scope(out, scope);
    }
    if (field(fields, "code").len > 0) {
        put(out, "<p>Your device shows <strong class=\"code\">");
        put_field(out, fields, "code");
        put(out, "</strong>. If it shows something else, deny.</p>\n");
    }
    begin_form(out, fields);
    put(out, "<button name=\"consent\" value=\"allow\">Allow</button>\n"
             "<button class=\"quiet\" name=\"consent\" value=\"deny\">Deny</button>\n</form>\n");
}

static void put_text(struct buf *out, const json_t *fields)
{
    put(out, "<p>");
    put_field(out, fields, "text");
    put(out, "</p>\n");
}

static void put_device(struct buf *out, const json_t *fields)
{
    put(out, "<p>Type in the code that your device shows.</p>\n");
    put_wrong(out, fields);
    begin_form(out, fields);
    put(out, "<label for=\"user_code\">Code</label>\n"
             "<input id=\"user_code\" name=\"user_code\" autocomplete=\"off\" "
             "autocapitalize=\"characters\" spellcheck=\"false\" placeholder=\"XXXX-XXXX\" "
             "required autofocus>\n<button>Go on</button>\n</form>\n");
}

static void put_logout(struct buf *out, const json_t *fields)
{
    put(out, "<p>You are logged in as <strong>");
    put_field(out, fields, "user");
    put(out, "</strong>.</p>\n");
    begin_form(out, fields);
    put(out, "<button name=\"confirm\" value=\"yes\">Log out</button>\n</form>\n");
}

static void (*const bodies[])(struct buf *out, const json_t *fields) = {
    [PAGE_LOGIN] = put_login, [PAGE_CONSENT] = put_consent, [PAGE_DEVICE] = put_device,
    [PAGE_DONE] = put_text,   [PAGE_LOGOUT] = put_logout,   [PAGE_ERROR] = put_text,
};

void oauth_page(enum flow_page page, const json_t *fields, struct buf *out)
{
    put(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    put_field(out, fields, "title");
    put(out, "</title>\n<style>");
    put(out, style);
    put(out, "</style>\n</head>\n<body>\n<main>\n<h1>");
    put_field(out, fields, "title");
    put(out, "</h1>\n");
    bodies[page](out, fields);
    put(out, "</main>\n</body>\n</html>\n");
}
