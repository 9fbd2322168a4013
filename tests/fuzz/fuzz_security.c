/* links: rbac */
/* fuzz_security.c - a security file: never a crash, and what is accepted is read back alike. */
#include "base/log.h"
#include "rbac/rbac_builder.h"
#include "rbac/realm_record.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void apply_writes(struct rbac_builder *builder, const struct realm_writes *writes)
{
    for (size_t i = 0; i < writes->count; i++) {
        const struct store_write *write = &writes->writes[i];
        (void)rbac_builder_apply(builder, &(struct store_record){.kind = write->kind,
                                                                 .realm = write->realm,
                                                                 .key = write->key,
                                                                 .value = write->value});
    }
}

static void try_realm(struct rbac_builder *builder, const json_t *realm)
{
    struct rbac *present = rbac_builder_build(builder, 1);
    const struct realm_options options = {.present = present};
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct realm_writes writes = {0};
    struct realm_mistake mistake = {0};
    if (realm_record_parse(realm, &options, &arena, &writes, &mistake)) {
        apply_writes(builder, &writes);
    } else if (mistake.node == NULL || mistake.text[0] == '\0') {
        abort();
    }
    snapshot_unref((struct snapshot *)(void *)present);
    arena_done(&arena);
}

static void ask(const struct rbac *rbac)
{
    size_t count = 0;
    const struct str *uris = rbac_realm_uris(rbac, &count);
    struct str role = RBAC_ROLE_ANONYMOUS;
    const struct principal anybody = {.roles = &role, .role_count = 1};
    for (size_t i = 0; i < count; i++) {
        const struct rbac_realm *realm = rbac_realm_find(rbac, uris[i]);
        if (str_eq(uris[i], MASTER_REALM) &&
            rbac_may(rbac, realm, &anybody, PERMISSION_CALL, STR("bondy.realm.list"))) {
            abort();
        }
        (void)rbac_may_pattern(rbac, realm, &anybody, PERMISSION_SUBSCRIBE, STR("com..x"),
                               GRANT_WILDCARD);
        (void)rbac_may_pattern(rbac, realm, &anybody, PERMISSION_SUBSCRIBE, STR("com."),
                               GRANT_PREFIX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool quiet = false;
    if (!quiet) {
        log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
        quiet = true;
    }
    json_t *file = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);
    if (file == NULL) {
        return 0;
    }
    struct rbac_builder *builder = rbac_builder_new();
    for (size_t i = 0; i < json_array_size(file); i++) {
        try_realm(builder, json_array_get(file, i));
    }
    struct rbac *rbac = rbac_builder_build(builder, 1);
    ask(rbac);
    snapshot_unref((struct snapshot *)(void *)rbac);
    rbac_builder_free(builder);
    json_decref(file);
    return 0;
}
