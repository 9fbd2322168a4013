// All published specifications.
import type { SpecSummary } from '../api/types';
import { at, href } from '../app/router';
import { Copy } from '../kit/copy';
import { Empty } from '../kit/empty';
import { LinkButton } from '../kit/link_button';
import { List } from '../kit/list';
import { Page } from '../kit/page';
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
  const add = (
    <LinkButton to={href('/new/api')} kind="primary" icon="plus" needs="bondy.http_gateway.api.load">
      {t.new}
    </LinkButton>
  );
  return (
    <Page title={t.title} lead={t.lead} actions={add}>
      <List
        label={t.title}
        path="/api_specs"
        query={inShort}
        columns={columns}
        rowKey={(spec) => spec.id}
        rowHref={(spec) => href(at`/apis/${spec.id}`)}
        empty={
          <Empty title={t.empty} action={add}>
            <ol>
              {t.emptySteps.map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
            <p class="command">
              <code>{t.emptyCommand}</code>
              <Copy value={t.emptyCommand} />
            </p>
          </Empty>
        }
      />
    </Page>
  );
}
