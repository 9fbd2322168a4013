/* tunnel_secrets.c - what a session may prove who it is by: as the upgrade of a WebSocket brings
 * it, so the open of a transport does. */
#include "base/mem.h"
#include "tunnel/tunnel_inside.h"

#include <string.h>

static struct str bearer_of(struct str authorization)
{
    struct str scheme = STR_EMPTY;
    struct str token = STR_EMPTY;
    bool bearer =
        str_cut(authorization, ' ', &scheme, &token) && str_eq_nocase(scheme, STR("bearer"));
    return bearer ? str_trim(token) : STR_EMPTY;
}

char *
tunnel_secrets(const struct request_head *head, struct str *out_bearer, struct str *out_cookie)
{
    struct str bearer = bearer_of(request_header(head, STR("authorization")));
    struct str cookie = request_header(head, STR("cookie"));
    if (bearer.len + cookie.len == 0) {
        return NULL;
    }
    char *secrets = mem_alloc(bearer.len + cookie.len);
    if (bearer.len > 0) {
        memcpy(secrets, bearer.ptr, bearer.len);
    }
    if (cookie.len > 0) {
        memcpy(secrets + bearer.len, cookie.ptr, cookie.len);
    }
    *out_bearer = str_make(secrets, bearer.len);
    *out_cookie = str_make(secrets + bearer.len, cookie.len);
    return secrets;
}

void tunnel_secrets_free(char *secrets, size_t size)
{
    if (secrets != NULL) {
        explicit_bzero(secrets, size);
        mem_free(secrets);
    }
}
