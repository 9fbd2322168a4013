/* links: net
 * fuzz_proxy.c - PROXY headers: whatever comes, the parser stays within its input, decides
 * before PROXY_MAX bytes, and decides the same with more behind the header. */
#include "net/proxy_protocol.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + 1); /* exactly the input, so that an overrun is seen */
    memcpy(bytes, data, size);
    bytes = realloc(bytes, size > 0 ? size : 1);
    struct str input = str_make(bytes, size);
    struct proxy_header header = {0};
    enum proxy_result result = proxy_parse(input, &header);
    assert(result != PROXY_MORE || size < PROXY_MAX);
    if (result == PROXY_OK) {
        assert(header.len > 0 && header.len <= size && header.len <= PROXY_MAX);
        struct proxy_header again = {0};
        assert(proxy_parse(str_sub(input, 0, header.len), &again) == PROXY_OK);
        assert(again.len == header.len && again.has_address == header.has_address);
        assert(proxy_parse(str_sub(input, 0, header.len - 1), &again) == PROXY_MORE);
    }
    free(bytes);
    return 0;
}
