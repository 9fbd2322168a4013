/* watch.c - who watches GET /stats/stream, asked again while he does: what let him in may have
 * ended, as by a logout, and a stream that goes on would not be noticed by anybody. */
#include "access/access.h"
#include "api/api_inside.h"

static void nobody_waits(void *ctx, enum access_step step, const struct access_answer *answer)
{
    (void)ctx;
    (void)step;
    (void)answer;
}

/* A password that would have to be proved anew is: by the request that the client comes again
 * with. */
bool api_watch_stays(void *ctx, const struct stream *stream)
{
    const struct api_options *options = &((const struct api *)ctx)->options;
    const struct access_request request = {
        .realm = MASTER_REALM, .schemes = ACCESS_ANY | ACCESS_SESSION, .head = &stream->head};
    struct access_visit visit = {.done = nobody_waits};
    struct access_answer answer;
    bool stays = false;
    if (access_check(options->access, &visit, &request, &answer) == ACCESS_GRANTED) {
        const struct rbac *rbac = (const struct rbac *)(const void *)snapshot_peek(options->rbac);
        const struct rbac_realm *realm = rbac_realm_find(rbac, MASTER_REALM);
        stays = realm != NULL &&
                rbac_may(rbac, realm, &answer.principal, PERMISSION_CALL, STR("bondy.stats.get"));
    }
    access_leave(&visit);
    return stays;
}
