/* realm.h - a live realm: its registrations and subscriptions, behind one lock.
 *
 * Made when first joined, shared by all workers, freed with the router. Writers
 * are preferred, or a stream of calls would starve a REGISTER for long. Under the
 * lock nothing is parsed, encoded or sent.
 */
#ifndef POSTERN_REALM_REALM_H
#define POSTERN_REALM_REALM_H

#include "realm/registry.h"
#include "realm/retained.h"
#include "realm/subscriptions.h"

#include <stdbool.h>
#include <stdint.h>

struct realm;
struct router;
struct worker;

/* `home`: the worker that publishes its meta events. */
struct realm *realm_new(struct str uri, struct router *router, struct worker *home);
void realm_free(struct realm *realm);
struct str realm_uri(const struct realm *realm);
struct bulletin *realm_bulletin(struct realm *realm);

enum registry_result
realm_register(struct realm *realm, const struct registry_offer *offer, struct registry_added *out);
/* Its own worker does this, or any that revokes; then the session is still to be told. */
enum registry_removal
realm_unregister(struct realm *realm, uint64_t id, uint64_t session_id, struct handle *out_session);
enum registry_answer
realm_find_callee(struct realm *realm, const struct registry_ask *ask, struct registry_pick *out);

/* Who subscribes, or has done so; meta events tell it. */
struct subscriber {
    uint64_t session;
    unsigned worker;
};

/* The subscription, good while this worker has a member. `retained`, where it is wanted, gets what
 * is retained at this moment; else NULL. */
const struct subscription *realm_subscribe(struct realm *realm,
                                           struct str uri,
                                           enum match_policy match,
                                           const struct subscriber *subscriber,
                                           struct retained_hits *retained);
/* The subscriber is a member now. */
void realm_note_subscribed(struct realm *realm, uint64_t id, struct str uri, uint64_t session);
/* The subscriber is no member any more, and is not the last of its worker. */
void realm_note_unsubscribed(struct realm *realm, uint64_t id, struct str uri, uint64_t session);
/* The last member of this worker is none any more. */
void realm_unsubscribe(struct realm *realm,
                       uint64_t id,
                       struct str uri,
                       enum match_policy match,
                       const struct subscriber *subscriber);
void realm_find_subscribers(struct realm *realm, struct str topic, struct reach_list *out);
/* The same at the moment when an event becomes what is retained of its topic; `out` is filled
 * also when there is no room for it: false. */
bool realm_retain(struct realm *realm, const struct retained_order *order, struct reach_list *out);
/* False when there is no such subscription. `uri_memory` has room for any. */
bool realm_get_subscription(struct realm *realm,
                            uint64_t id,
                            char uri_memory[URI_LEN_MAX],
                            struct subscription_facts *out);

/* What there is, seen at one moment: `look` runs under the lock and only copies out. */
typedef void (*realm_look_fn)(const struct registry *registry,
                              const struct subscriptions *subscriptions,
                              void *ctx);
void realm_look(struct realm *realm, realm_look_fn look, void *ctx);

#endif
