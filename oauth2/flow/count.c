/* count.c - how often something happened within a minute, to be bounded: a row that ends by itself,
 * one count for all workers and nodes, which a restart does not begin anew. */
#include "base/mem.h"
#include "flow/flow_inside.h"

enum { MINUTE_S = 60, PREFIX_BYTES = 8 };

uint64_t flow_counted(struct store_view *view, const struct flow_count *what)
{
    uint64_t count = 0;
    const struct store_lease *lease = store_view_lease(view, what->kind, what->key);
    return lease != NULL && str_to_u64(lease->value, &count) ? count : 0;
}

bool flow_count(struct flow_call *call, struct store_view *view, const struct flow_count *what)
{
    const struct store_lease *lease = store_view_lease(view, what->kind, what->key);
    uint64_t end_ms = lease == NULL ? 1000 * (call->now_s + MINUTE_S) : lease->expires_ms;
    unsigned long long count = flow_counted(view, what) + 1;
    return store_view_lease_put(view, &(struct store_lease){
                                          .kind = what->kind,
                                          .key = what->key,
                                          .realm = call->request.realm,
                                          .owner = what->owner,
                                          .value = arena_printf(call->arena, "%llu", count),
                                          .expires_ms = end_ms,
                                      });
}

/* Of IPv6 everybody has 64 bits to choose from. */
struct str flow_address_prefix(struct flow_call *call)
{
    const struct in6_addr *address = call->request.address;
    size_t bytes = IN6_IS_ADDR_V4MAPPED(address) ? sizeof(*address) : PREFIX_BYTES;
    char hex[2 * sizeof(*address)];
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes; i++) {
        hex[2 * i] = digits[address->s6_addr[i] >> 4];
        hex[2 * i + 1] = digits[address->s6_addr[i] & 15];
    }
    return arena_str(call->arena, str_make(hex, 2 * bytes));
}
