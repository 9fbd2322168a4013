#include "realm/older_name.h"

#define ROW(old, present)                 \
    {                                     \
        STR_INIT(old), STR_INIT(present), \
    }

const struct older_name older_names[] = {
    ROW("bondy.api_gateway.add_client", "bondy.oauth2.client.add"),
    ROW("bondy.api_gateway.add_resource_owner", "bondy.oauth2.resource_owner.add"),
    ROW("bondy.api_gateway.delete_client", "bondy.oauth2.client.delete"),
    ROW("bondy.api_gateway.delete_resource_owner", "bondy.oauth2.resource_owner.delete"),
    ROW("bondy.api_gateway.fetch_client", "bondy.oauth2.client.get"),
    ROW("bondy.api_gateway.fetch_resource_owner", "bondy.oauth2.resource_owner.get"),
    ROW("bondy.api_gateway.list", "bondy.http_gateway.api.list"),
    ROW("bondy.api_gateway.list_clients", "bondy.oauth2.client.list"),
    ROW("bondy.api_gateway.list_resource_owners", "bondy.oauth2.resource_owners.list"),
    ROW("bondy.api_gateway.load", "bondy.http_gateway.api.load"),
    ROW("bondy.api_gateway.lookup", "bondy.http_gateway.api.get"),
    ROW("bondy.api_gateway.update_client", "bondy.oauth2.client.update"),
    ROW("bondy.api_gateway.update_resource_owner", "bondy.oauth2.resource_owner.update"),
    ROW("bondy.callee.get", "bondy.registration.callee.list"),
    ROW("bondy.callee.list", "bondy.registration.callee.list"),
    ROW("bondy.oauth2.lookup_token", "bondy.oauth2.token.lookup"),
    ROW("bondy.oauth2.revoke_token", "bondy.oauth2.token.revoke"),
    ROW("bondy.oauth2.revoke_tokens", "bondy.oauth2.token.revoke_all"),
    ROW("bondy.registry.list", "bondy.registration.list"),
    ROW("bondy.registry.match", "wamp.registration.match"),
    ROW("bondy.security.add_group", "bondy.group.add"),
    ROW("bondy.security.add_source", "bondy.source.add"),
    ROW("bondy.security.add_user", "bondy.user.add"),
    ROW("bondy.security.change_password", "bondy.user.change_password"),
    ROW("bondy.security.create_realm", "bondy.realm.create"),
    ROW("bondy.security.delete_group", "bondy.group.delete"),
    ROW("bondy.security.delete_realm", "bondy.realm.delete"),
    ROW("bondy.security.delete_source", "bondy.source.delete"),
    ROW("bondy.security.delete_user", "bondy.user.delete"),
    ROW("bondy.security.disable", "bondy.realm.security.disable"),
    ROW("bondy.security.enable", "bondy.realm.security.enable"),
    ROW("bondy.security.find_group", "bondy.group.get"),
    ROW("bondy.security.find_source", "bondy.source.get"),
    ROW("bondy.security.find_user", "bondy.user.get"),
    ROW("bondy.security.is_enabled", "bondy.realm.security.is_enabled"),
    ROW("bondy.security.list_groups", "bondy.group.list"),
    ROW("bondy.security.list_realms", "bondy.realm.list"),
    ROW("bondy.security.list_sources", "bondy.source.list"),
    ROW("bondy.security.list_users", "bondy.user.list"),
    ROW("bondy.security.status", "bondy.realm.security.status"),
    ROW("bondy.security.update_group", "bondy.group.update"),
    ROW("bondy.security.update_realm", "bondy.realm.update"),
    ROW("bondy.security.update_user", "bondy.user.update"),
    {STR_INIT(""), STR_INIT("")},
};

struct str older_name_resolve(struct str name)
{
    if (str_starts(name, STR("com.bondy."))) {
        name = str_from(name, STR("com.").len);
    } else if (str_starts(name, STR("com.leapsight.bondy."))) {
        name = str_from(name, STR("com.leapsight.").len);
    }
    for (const struct older_name *row = older_names; row->old.len > 0; row++) {
        if (str_eq(row->old, name)) {
            return row->present;
        }
    }
    return name;
}
