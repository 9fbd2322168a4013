/* lease.c - rows of the store that end by themselves, and of which a realm sees its own alone.
 *
 * Their values are JSON. On the store's thread, within a transaction. */
#include "flow/flow_inside.h"

const struct store_lease *
flow_lease_find(struct flow_call *call, struct store_view *view, struct str kind, struct str key)
{
    const struct store_lease *lease = store_view_lease(view, kind, key);
    return lease != NULL && str_eq(lease->realm, call->request.realm) ? lease : NULL;
}

json_t *flow_lease_row(struct flow_call *call, const struct store_lease *lease)
{
    return lease == NULL ? NULL
                         : flow_keep(call, json_loadb(lease->value.ptr, lease->value.len, 0, NULL));
}
