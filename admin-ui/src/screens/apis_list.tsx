// All published specifications.
import type { SpecSummary } from '../api/types';
import { at, href } from '../app/router';
import { ListPage } from '../kit/list_page';
import type { Column } from '../kit/table';
import { text } from '../strings';

const t = text.apis;
const inShort = { summary: 'true' };

const columns: readonly Column<SpecSummary>[] = [
  { title: t.name, cell: (spec) => spec.name || spec.id, width: '22%' },
  { title: t.id, cell: (spec) => spec.id, sort: 'name', mono: true },
  { title: t.host, cell: (spec) => (!spec.host || spec.host === '_' ? t.anyHost : spec.host) },
  {
    title: t.basePath,
    cell: (spec) => spec.versions.map((v) => v.base_path ?? '/').join(', '),
    mono: true,
  },
  { title: t.realm, cell: (spec) => spec.realm_uri ?? '', mono: true },
  { title: t.routes, cell: (spec) => spec.versions.reduce((sum, v) => sum + v.routes, 0).toLocaleString(), number: true },
];

export function ApisList() {
  return (
    <ListPage
      words={t}
      make={{ to: '/new/api', needs: 'bondy.http_gateway.api.load' }}
      path="/api_specs"
      query={inShort}
      columns={columns}
      rowKey={(spec) => spec.id}
      rowHref={(spec) => href(at`/apis/${spec.id}`)}
      emptyBody={
        <ol>
          {t.emptySteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      }
      emptyCommand={t.emptyCommand}
    />
  );
}
