/* rbac_helper.h - snapshots from realm objects written as text. */
#ifndef POSTERN_TESTS_RBAC_HELPER_H
#define POSTERN_TESTS_RBAC_HELPER_H

#include "base/cidr.h"
#include "base/log.h"
#include "base/mem.h"
#include "rbac/rbac_builder.h"
#include "rbac/realm_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* JSON with ' for ", to be readable in C. */
static inline json_t *json_of(const char *text)
{
    char *copy = str_dup(str_of(text));
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    json_error_t error;
    json_t *value = json_loads(copy, JSON_ALLOW_NUL, &error);
    if (value == NULL) {
        fail_msg("line %d: %s", error.line, error.text);
    }
    mem_free(copy);
    return value;
}

static inline void apply_realm_json(struct rbac_builder *builder, const json_t *realm)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX / 2);
    struct realm_writes writes;
    struct realm_mistake mistake = {0};
    struct err err = {0};
    struct rbac *present = rbac_builder_build(builder, 1);
    const struct realm_options options = {.present = present};
    if (!realm_record_parse(realm, &options, &arena, &writes, &mistake)) {
        fail_msg("%s", mistake.text);
    }
    if (!realm_writes_hash(&writes, present, &arena, &err)) {
        fail_msg("%s", err.text);
    }
    snapshot_unref((struct snapshot *)(void *)present);
    for (size_t i = 0; i < writes.count; i++) {
        const struct store_write *write = &writes.writes[i];
        assert_true(rbac_builder_apply(builder, &(struct store_record){.kind = write->kind,
                                                                       .realm = write->realm,
                                                                       .key = write->key,
                                                                       .value = write->value,
                                                                       .version = 1}));
    }
    arena_done(&arena);
}

static inline void apply_realm_text(struct rbac_builder *builder, const char *text)
{
    json_t *realm = json_of(text);
    apply_realm_json(builder, realm);
    json_decref(realm);
}

static inline void rbac_unref(struct rbac *rbac)
{
    snapshot_unref((struct snapshot *)(void *)rbac);
}

static inline struct in6_addr address_of(const char *text)
{
    struct cidr cidr;
    assert_true(cidr_parse(str_of(text), &cidr));
    return cidr.address;
}

#endif
