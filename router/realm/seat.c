/* seat.c - finds a realm on this worker and asks the access snapshot. */
#include "realm/seat.h"

#include "base/mem.h"
#include "realm/router_inside.h"
#include "wamp/message.h"

static const struct rbac *rbac_here(const struct shard *shard)
{
    /* struct rbac begins with its struct snapshot. */
    return (const struct rbac *)(const void *)snapshot_peek(shard->router->options.rbac);
}

struct seat *seat_find(struct shard *shard, struct str uri)
{
    struct seat *last = shard->seat;
    bool again = last != NULL && str_eq(realm_uri(last->realm), uri);
    struct seat *seat = again ? last : map_get(&shard->seats, uri);
    if (seat != NULL) {
        shard->seat = seat;
        return seat_access(seat) == NULL ? NULL : seat;
    }
    const struct rbac *rbac = rbac_here(shard);
    if (rbac == NULL || rbac_realm_find(rbac, uri) == NULL) {
        return NULL;
    }
    seat = NEW(struct seat);
    seat->shard = shard;
    seat->realm = router_realm(shard->router, uri);
    seat->local_id = wamp_id_random();
    idtable_init(&seat->audiences);
    idtable_init(&seat->sessions);
    (void)map_put(&shard->seats, realm_uri(seat->realm), seat);
    return seat;
}

void seat_free(struct seat *seat)
{
    struct idlink *link = NULL;
    while ((link = idtable_any(&seat->audiences)) != NULL) {
        idtable_remove(&seat->audiences, link);
        mem_free(CONTAINER_OF(link, struct audience, link));
    }
    idtable_done(&seat->audiences);
    idtable_done(&seat->sessions);
    mem_free(seat);
}

const struct rbac_realm *seat_access(struct seat *seat)
{
    const struct rbac *rbac = rbac_here(seat->shard);
    if (rbac == NULL) {
        return NULL;
    }
    if (rbac != seat->rbac || rbac_version(rbac) != seat->rbac_version) {
        seat->rbac = rbac;
        seat->rbac_version = rbac_version(rbac);
        seat->access = rbac_realm_find(rbac, realm_uri(seat->realm));
    }
    return seat->access;
}

static bool ask(const struct seat *seat, const struct access_question *question)
{
    if (question->match == MATCH_EXACT) {
        return rbac_may(seat->rbac, seat->access, question->principal, question->permission,
                        question->uri);
    }
    /* The two enums share their numbers. */
    return rbac_may_pattern(seat->rbac, seat->access, question->principal, question->permission,
                            question->uri, (enum grant_match)question->match);
}

bool seat_permits(struct seat *seat, const struct access_question *question, struct err *err)
{
    if (seat_access(seat) != NULL && ask(seat, question)) {
        return true;
    }
    const char *permission = permission_name(question->permission);
    const struct principal *who = question->principal;
    if (str_eq(who->authmethod, RBAC_METHOD_ANONYMOUS)) {
        return err_set(err, ERR_DENIED,
                       "Permission denied. Anonymous user does not have permission '%s' on "
                       "'" PRISTR "'",
                       permission, STRARG(question->uri));
    }
    return err_set(err, ERR_DENIED,
                   "Permission denied. User '" PRISTR "' does not have permission '%s' on "
                   "'" PRISTR "'",
                   STRARG(who->authid), permission, STRARG(question->uri));
}
