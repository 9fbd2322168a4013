// The audit: filters in the URL, pages by cursor, a row that opens (`row=` in the URL).
import type { AuditRow } from '../api/types';
import { useList } from '../api/use_list';
import { href, setQuery, usePlace } from '../app/router';
import { Button } from '../kit/button';
import { Empty } from '../kit/empty';
import { More } from '../kit/list';
import { Page } from '../kit/page';
import { ProblemPanel } from '../kit/problem_panel';
import { Table, type Column } from '../kit/table';
import { Time } from '../kit/time';
import { text } from '../strings';
import { AuditFilters, filterNames } from './audit_filters';
import { AuditDetails, Outcome } from './audit_row';

const t = text.audit;
const columns: readonly Column<AuditRow>[] = [
  { title: t.time, cell: ({ time }) => <Time ms={time} seconds />, mono: true },
  {
    title: t.outcome,
    cell: ({ outcome, count }) => (
      <>
        <Outcome outcome={outcome} /> {count > 1 && <span class="muted">{t.times(count)}</span>}
      </>
    ),
  },
  { title: t.action, cell: ({ action }) => action, mono: true },
  { title: t.target, cell: ({ target }) => target ?? '' },
  { title: t.realm, cell: ({ realm }) => realm ?? '', mono: true },
  { title: t.actor, cell: ({ actor }) => actor ?? '' },
  { title: t.address, cell: ({ address }) => address ?? '', mono: true },
];

export function AuditList() {
  const { query } = usePlace();
  const filters = Object.fromEntries(filterNames.map((name) => [name, query.get(name) ?? '']));
  const filtered = Object.values(filters).some(Boolean);
  const list = useList<AuditRow>('/audit', filters, undefined, true);
  const { rows, problem, loading, more, again } = list;
  const chosen = query.get('row');
  const close = () => setQuery({ row: '' });
  return (
    <Page title={t.title} lead={t.lead}>
      <AuditFilters filters={filters} />
      <div class="toolbar">
        <span class="muted count" role="status">
          {loading && rows.length === 0 ? text.loading : t.here(rows.length, !more && !loading)}
        </span>
      </div>
      <ProblemPanel problem={problem} again={again} />
      {rows.length > 0 && (
        <Table
          label={t.title}
          columns={columns}
          rows={rows}
          rowKey={({ id }) => String(id)}
          rowHref={({ id }) => href('/audit', { ...filters, row: String(id) })}
        />
      )}
      {rows.length > 0 && more && <More key={rows.length} load={more} />}
      {rows.length === 0 && !loading && !problem && <Nothing filtered={filtered} more={more} />}
      {chosen && <AuditDetails key={chosen} id={chosen} rows={rows} onClose={close} />}
    </Page>
  );
}

function Nothing({ filtered, more }: { filtered: boolean; more: (() => void) | undefined }) {
  const all = () => setQuery(Object.fromEntries(filterNames.map((name) => [name, ''])));
  if (!filtered)
    return (
      <Empty title={t.noneYet}>
        <p>{t.noneBody}</p>
      </Empty>
    );
  const actions = (
    <>
      {more && (
        <Button kind="primary" onClick={more}>
          {t.lookFurther}
        </Button>
      )}
      <Button onClick={all}>{t.clear}</Button>
    </>
  );
  return (
    <Empty title={t.none} action={actions}>
      {more && <p>{t.further}</p>}
    </Empty>
  );
}
