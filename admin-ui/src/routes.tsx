// Every screen is one row here: its path, what one must be allowed to see it, and its component,
// which gets what the ":names" of the path stand for. A row in `navigation` puts it into the menu.
import type { ComponentType } from 'preact';
import { may } from './api/session';
import { at } from './app/router';
import type { IconName } from './kit/icon';
import { ApiDetail } from './screens/api_detail';
import { ApiNew } from './screens/api_new';
import { ApisList } from './screens/apis_list';
import { AuditList } from './screens/audit_list';
import { ClientDetail } from './screens/client_detail';
import { ClientNew } from './screens/client_new';
import { ClientsList } from './screens/clients_list';
import { GrantsList } from './screens/grants_list';
import { GroupEdit } from './screens/group_edit';
import { GroupNew } from './screens/group_new';
import { GroupsList } from './screens/groups_list';
import { Keys } from './screens/keys';
import { NodesList } from './screens/nodes_list';
import { Overview } from './screens/overview';
import { RealmEdit } from './screens/realm_edit';
import { RealmNew } from './screens/realm_new';
import { RealmsList } from './screens/realms_list';
import { SourcesList } from './screens/sources_list';
import { UserEdit } from './screens/user_edit';
import { UserNew } from './screens/user_new';
import { UsersList } from './screens/users_list';
import { text } from './strings';

export interface Route {
  path: string;
  /** The procedure behind the screen. */
  needs: string;
  // The names in a path are the component's props; the table cannot say which those are.
  screen: ComponentType<Record<string, string>>;
}

/** Ties the names in a path to the props of its screen. */
function screen<P extends string>(
  path: P,
  needs: string,
  component: ComponentType<Record<Names<P>, string>>,
): Route {
  return { path, needs, screen: component as ComponentType<Record<string, string>> };
}

type Names<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? Name | Names<`/${Rest}`>
  : P extends `${string}:${infer Name}`
    ? Name
    : never;

/** Where one begins: the first screen of the menu that one may see. */
export function start(realm: string): string {
  const all = navigation.flatMap(({ items }) => items);
  const first = all.find(({ needs }) => may(needs)) ?? all[0];
  return first ? first.to(realm) : '/apis';
}

export const routes: readonly Route[] = [
  screen('/overview', 'bondy.stats.get', Overview),
  screen('/nodes', 'bondy.cluster.members', NodesList),
  screen('/audit', 'bondy.audit.list', AuditList),
  screen('/apis', 'bondy.http_gateway.api.list', ApisList),
  screen('/new/api', 'bondy.http_gateway.api.load', ApiNew),
  screen('/apis/:id', 'bondy.http_gateway.api.get', ApiDetail),
  screen('/realms', 'bondy.realm.list', RealmsList),
  screen('/new/realm', 'bondy.realm.create', RealmNew),
  screen('/realms/:realm', 'bondy.realm.get', RealmEdit),
  screen('/realms/:realm/users', 'bondy.user.list', UsersList),
  screen('/realms/:realm/new-user', 'bondy.user.add', UserNew),
  screen('/realms/:realm/users/:username', 'bondy.user.get', UserEdit),
  screen('/realms/:realm/groups', 'bondy.group.list', GroupsList),
  screen('/realms/:realm/new-group', 'bondy.group.add', GroupNew),
  screen('/realms/:realm/groups/:name', 'bondy.group.get', GroupEdit),
  screen('/realms/:realm/grants', 'bondy.realm.grants', GrantsList),
  screen('/realms/:realm/sources', 'bondy.source.list', SourcesList),
  screen('/realms/:realm/clients', 'bondy.oauth2.client.list', ClientsList),
  screen('/realms/:realm/new-client', 'bondy.oauth2.client.add', ClientNew),
  screen('/realms/:realm/clients/:id', 'bondy.oauth2.client.get', ClientDetail),
  screen('/realms/:realm/keys', 'bondy.key.list', Keys),
];

export interface NavItem {
  /** The second key of "g x". */
  key: string;
  title: string;
  icon: IconName;
  needs: string;
  /** The path, in the realm that is looked at. */
  to: (realm: string) => string;
  /** Not the entry of what is below its path. */
  exact?: boolean;
}

export interface NavGroup {
  group: string;
  items: readonly NavItem[];
}

export const navigation: readonly NavGroup[] = [
  {
    group: text.nav.node,
    items: [
      { key: 'h', title: text.overview.title, icon: 'overview', needs: 'bondy.stats.get', to: () => '/overview' },
      { key: 'n', title: text.nodes.title, icon: 'node', needs: 'bondy.cluster.members', to: () => '/nodes' },
      { key: 'l', title: text.audit.title, icon: 'audit', needs: 'bondy.audit.list', to: () => '/audit' },
    ],
  },
  {
    group: text.nav.gateway,
    items: [
      {
        key: 'a',
        title: text.apis.title,
        icon: 'api',
        needs: 'bondy.http_gateway.api.list',
        to: () => '/apis',
      },
      {
        key: 'r',
        title: text.realms.title,
        icon: 'realm',
        needs: 'bondy.realm.list',
        to: () => '/realms',
        exact: true,
      },
    ],
  },
  {
    group: text.nav.realm,
    items: [
      {
        key: 'u',
        title: text.users.title,
        icon: 'user',
        needs: 'bondy.user.list',
        to: (realm) => at`/realms/${realm}/users`,
      },
      {
        key: 'g',
        title: text.groups.title,
        icon: 'group',
        needs: 'bondy.group.list',
        to: (realm) => at`/realms/${realm}/groups`,
      },
      {
        key: 'p',
        title: text.grants.title,
        icon: 'grant',
        needs: 'bondy.realm.grants',
        to: (realm) => at`/realms/${realm}/grants`,
      },
      {
        key: 'f',
        title: text.sources.title,
        icon: 'source',
        needs: 'bondy.source.list',
        to: (realm) => at`/realms/${realm}/sources`,
      },
      {
        key: 'o',
        title: text.clients.title,
        icon: 'client',
        needs: 'bondy.oauth2.client.list',
        to: (realm) => at`/realms/${realm}/clients`,
      },
      {
        key: 'k',
        title: text.signingKeys.title,
        icon: 'key',
        needs: 'bondy.key.list',
        to: (realm) => at`/realms/${realm}/keys`,
      },
      {
        key: 's',
        title: text.realms.settings,
        icon: 'realm',
        needs: 'bondy.realm.get',
        to: (realm) => at`/realms/${realm}`,
        exact: true,
      },
    ],
  },
];
