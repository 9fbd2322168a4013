/* tls_certificate.c - the method `tls`: a name in the client's certificate, which the listener has
 * verified, is the user's. */
#include "auth/auth_inside.h"
#include "net/tls.h"

static bool has_certificate(const struct auth_hello *hello)
{
    char room[TLS_NAME_MAX];
    return hello->tls != NULL && tls_client_name(hello->tls, 0, room).ptr != NULL;
}

static enum auth_step begin(struct login *login, const struct auth_hello *hello, struct emit *extra)
{
    (void)extra;
    bool named = false;
    char room[TLS_NAME_MAX];
    struct str name = STR_EMPTY;
    for (size_t i = 0; !named && name.ptr != NULL; i++) {
        name = tls_client_name(hello->tls, i, room);
        const struct rbac_user *user = name.ptr == NULL ? NULL : rbac_user_find(hello->realm, name);
        named = user != NULL && str_eq(user->username, login->username);
    }
    return login_prove(login, named);
}

const struct auth_method auth_method_tls = {
    .name = STR_INIT("tls"), .begin = begin, .fits = has_certificate};
