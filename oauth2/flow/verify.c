/* verify.c - for proxies that ask before they let a request through (nginx: auth_request): is its
 * access token good, and whose is it? 204 with the answer in headers, 401 or 403.
 *
 * A query `scope` names what the token must have. Names are percent-encoded where a header, or a
 * list in it, cannot have their characters. */
#include "base/buf.h"
#include "flow/flow_inside.h"
#include "token/bearer.h"

enum { LIST_MAX = 16 * 1024 };

static bool put_name(struct buf *out, struct str name)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool plain = c > 0x20 && c < 0x7f && c != '%' && c != ',';
        if (plain ? !buf_byte(out, (char)c)
                  : !(buf_byte(out, '%') && buf_byte(out, digits[c >> 4]) &&
                      buf_byte(out, digits[c & 15]))) {
            return false;
        }
    }
    return true;
}

static void put(struct flow_call *call, struct str name, const struct str *values, size_t count)
{
    struct flow_answer *answer = &call->answer;
    struct buf text;
    buf_init(&text, LIST_MAX);
    for (size_t i = 0; i < count; i++) {
        (void)((i == 0 || buf_byte(&text, ',')) && put_name(&text, values[i]));
    }
    if (!text.full) {
        answer->headers[answer->header_count++] =
            (struct flow_header){name, arena_str(call->arena, buf_str(&text))};
    }
    buf_done(&text);
}

static bool has_scope(const struct bearer *bearer, struct str wanted)
{
    struct str word = STR_EMPTY;
    while (wanted.len > 0) {
        (void)str_cut(wanted, ' ', &word, &wanted);
        if (word.len > 0 && !flow_has_word(bearer->scope, word)) {
            return false;
        }
    }
    return true;
}

enum flow_step flow_verify(struct flow_call *call)
{
    struct flow_bearer shown;
    struct str wanted = form_value(call->request.query, STR("scope"));
    if (!flow_bearer_read(call, &shown)) {
        return FLOW_ANSWERED;
    }
    if (!has_scope(shown.bearer, wanted)) {
        return flow_bearer_refuse(call, "insufficient_scope", "the token's scope is too narrow",
                                  wanted);
    }
    const struct str method = STR("oauth2");
    const struct str expires =
        arena_printf(call->arena, "%llu", (unsigned long long)shown.bearer->expires_s);
    put(call, STR("x-bondy-authid"), &shown.user->username, 1);
    put(call, STR("x-bondy-authrealm"), &call->request.realm, 1);
    put(call, STR("x-bondy-realm"), &call->request.realm, 1);
    put(call, STR("x-bondy-authroles"), shown.roles.names, shown.roles.count);
    put(call, STR("x-bondy-authmethod"), &method, 1);
    put(call, STR("x-bondy-expires-at"), &expires, 1);
    put(call, STR("x-bondy-client-id"), &shown.bearer->client, 1);
    call->answer.kind = FLOW_EMPTY;
    call->answer.status = 204;
    return FLOW_ANSWERED;
}
