// Grants in a table, in the order of who has them or of what they are on.
import { useMemo } from 'preact/hooks';
import type { Grant } from '../api/types';
import { at, href } from '../app/router';
import { Badge } from '../kit/badge';
import { Button } from '../kit/button';
import { Table, type Column } from '../kit/table';
import { text } from '../strings';

const t = text.grants;
export type By = 'role' | 'resource';

export function resourceOf({ resource }: Grant): string {
  return resource.uri === 'any' ? t.everywhere : resource.uri;
}

export function roleOf(grant: Grant): string {
  return grant.roles[0] ?? '';
}

/** The screen of a role, where it has one. */
export function roleHref(realm: string, role: string): string | undefined {
  const [kind, name] = role.split(/\/(.*)/s);
  if (!name) return undefined;
  return href(kind === 'user' ? at`/realms/${realm}/users/${name}` : at`/realms/${realm}/groups/${name}`);
}

function Role({ realm, role }: { realm: string; role: string }) {
  const to = roleHref(realm, role);
  return to ? <a href={to}>{role}</a> : <Badge tone="accent">{role}</Badge>;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function sorted(rows: readonly Grant[], by: By): Grant[] {
  const order = (a: Grant, b: Grant) =>
    by === 'role'
      ? compare(roleOf(a), roleOf(b)) || compare(a.resource.uri, b.resource.uri)
      : compare(a.resource.uri, b.resource.uri) || compare(roleOf(a), roleOf(b));
  return [...rows].sort(order);
}

export interface GrantTableProps {
  label: string;
  rows: readonly Grant[];
  by: By;
  realm: string;
  onRevoke?: (grant: Grant) => void;
}

export function GrantTable({ label, rows, by, realm, onRevoke }: GrantTableProps) {
  const ordered = useMemo(() => sorted(rows, by), [rows, by]);
  const role: Column<Grant> = {
    title: t.role,
    cell: (grant) => <Role realm={realm} role={roleOf(grant)} />,
    width: '20%',
  };
  const resource: Column<Grant> = {
    title: t.resource,
    cell: (grant) =>
      grant.resource.uri === 'any' ? <Badge tone="warn">{t.everywhere}</Badge> : grant.resource.uri,
    mono: true,
    width: '28%',
  };
  const columns: Column<Grant>[] = [
    ...(by === 'role' ? [role, resource] : [resource, role]),
    {
      title: t.match,
      cell: (grant) => (grant.resource.uri === 'any' ? '' : grant.resource.match),
      width: '7rem',
    },
    { title: t.permissions, cell: (grant) => grant.permissions.join(', '), mono: true },
  ];
  if (onRevoke)
    columns.push({
      title: t.actions,
      cell: (grant) => (
        <Button needs="bondy.grant.revoke" onClick={() => onRevoke(grant)}>
          {t.revokeDots}
          <span class="sr-only">
            {' '}
            {roleOf(grant)} {grant.resource.uri}
          </span>
        </Button>
      ),
      width: '8rem',
    });
  return (
    <Table
      label={label}
      columns={columns}
      rows={ordered}
      rowKey={(grant) => `${grant.resource.match} ${grant.resource.uri} ${roleOf(grant)}`}
    />
  );
}
