// The routes of a specification, searched here: all of them are already in the specification.
import type { Spec } from '../api/types';
import { href, setQuery, usePlace } from '../app/router';
import { Badge } from '../kit/badge';
import { Empty } from '../kit/empty';
import { Search } from '../kit/search';
import { Table, type Column } from '../kit/table';
import { text } from '../strings';
import { routesOf, type ApiRoute } from './api_routes_of';

const t = text.api;

const columns: readonly Column<ApiRoute>[] = [
  {
    title: t.route,
    cell: ({ method, path }) => (
      <span class="route" title={`${method} ${path}`}>
        <Method name={method} /> {path}
      </span>
    ),
    mono: true,
  },
  { title: t.summary, cell: ({ summary }) => summary },
  { title: t.action, cell: ({ kind }) => t.kinds[kind] ?? kind, width: '8rem' },
  { title: t.target, cell: ({ target }) => target, mono: true },
  { title: t.apiVersion, cell: ({ version }) => version, width: '6rem' },
];

export function Method({ name }: { name: string }) {
  return <Badge tone={name === 'GET' ? 'good' : name === 'DELETE' ? 'bad' : 'accent'}>{name}</Badge>;
}

export const keyOf = ({ method, path, version }: ApiRoute) => `${method} ${path} ${version}`;

export function ApiRoutes({ spec }: { spec: Spec }) {
  const { path, query } = usePlace();
  const filter = query.get('route') ?? '';
  const all = routesOf(spec);
  const wanted = filter.toLowerCase();
  const routes = all.filter((route) =>
    Object.values(route).some((value: string) => value.toLowerCase().includes(wanted)),
  );
  if (all.length === 0)
    return (
      <Empty title={t.noRoutes}>
        <p>{t.noRoutesBody}</p>
      </Empty>
    );
  return (
    <>
      <div class="toolbar">
        <Search
          label={text.list.search(t.routes)}
          value={filter}
          onSearch={(value) => setQuery({ route: value })}
        />
        <span class="muted" role="status">
          {text.list.count(routes.length, all.length)}
        </span>
      </div>
      {routes.length === 0 ? (
        <Empty title={text.list.noneFound(filter)} />
      ) : (
        <Table
          label={t.routes}
          columns={columns}
          rows={routes}
          rowKey={keyOf}
          rowHref={(route) => href(path, { tab: 'try', try: keyOf(route) })}
        />
      )}
    </>
  );
}
