/* trust.c - a user is believed because of where he comes from: his realm has a source for that. */
#include "auth/auth_inside.h"

static bool has_name(const struct auth_hello *hello)
{
    return hello->authid.len > 0;
}

static enum auth_step begin(struct login *login, const struct auth_hello *hello, struct emit *extra)
{
    (void)hello;
    (void)extra;
    return login_prove(login, true);
}

const struct auth_method auth_method_trust = {
    .name = STR_INIT("trust"), .begin = begin, .fits = has_name};
