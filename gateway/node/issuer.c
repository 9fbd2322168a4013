/* issuer.c - realms as issuers of tokens: the settings behind them, and the URL that they are known
 * by. */
#include "audit/audit.h"
#include "auth/auth.h"
#include "base/log.h"
#include "node/node_inside.h"
#include "spec/route.h"

#include <assert.h>

enum { URL_BYTES = 128, MS = 1000 };

/* Somebody has shown what was used up: whoever he is, it is no change that he was let make. */
static void note(void *ctx, const struct flow_call *call)
{
    const struct node *node = ctx;
    audit_note(node->audit, &(struct audit_failure){.action = str_of(call->note.action),
                                                    .realm = call->request.realm,
                                                    .actor = call->note.authid,
                                                    .authmethod = STR("oauth2"),
                                                    .address = call->request.address,
                                                    .request_id = call->request.request_id,
                                                    .error = STR("invalid_grant"),
                                                    .detail = call->note.client});
}

void node_make_oauth(struct node *node)
{
    const struct conf *conf = node->conf;
    node->oauth = oauth_new(&(struct oauth_options){
        .store = node->store,
        .builder = node->builder,
        .access = node->access,
        .rbac = node->rbac,
        .tokens = node->tokens,
        .body_timeout_ms = conf->http.body_timeout_ms,
        .note = note,
        .note_ctx = node,
        .flow = {.access_s = conf->oauth2.access_token_ms / MS,
                 .refresh_s = conf->oauth2.refresh_token_ms / MS,
                 .refresh_idle_s = conf->oauth2.refresh_idle_ms / MS,
                 .refresh_grace_s = conf->oauth2.refresh_grace_ms / MS,
                 .code_s = conf->oauth2.code_ms / MS,
                 .login_s = conf->oauth2.login_ms / MS,
                 .device_s = conf->oauth2.device_ms / MS,
                 .families_max = conf->oauth2.refresh_limit},
    });
}

void node_take_oauth(void *ctx, struct stream *stream, const struct route *route)
{
    struct node *node = ctx;
    struct oauth_place place = {
        .realm = route->realm, .base = route->oauth_base, .password_grant = route->oauth_password};
    bool served = flow_endpoint_find(route->oauth, &place.endpoint);
    assert(served); /* the compiler of specifications names no other */
    (void)served;
    oauth_take(node->oauth, stream, &place);
}

/* Never from a request's Host header: whoever sends it would choose who he believes. */
void node_set_issuer(struct node *node)
{
    char text[URL_BYTES];
    struct str url = str_of(node->conf->gateway.public_url);
    struct str address = node->gateway == NULL ? STR_EMPTY : net_listener_address(node->gateway);
    ptrdiff_t colon = (ptrdiff_t)address.len - 1;
    while (colon >= 0 && address.ptr[colon] != ':') {
        colon--;
    }
    if (url.len == 0 && colon >= 0) {
        struct str port = str_from(address, (size_t)colon);
        (void)snprintf(text, sizeof(text), "http://127.0.0.1" PRISTR, STRARG(port));
        url = str_of(text);
        log_warn("gateway.public_url is not set: tokens are issued in the name of this machine",
                 KV_STR("issuer", url));
    }
    oauth_set_public_url(node->oauth, url);
    auth_set_issuer(router_auth(node->router), url);
}
