// The grants of a realm, by role and by resource; and the question whether somebody may.
import { useState } from 'preact/hooks';
import { may } from '../api/session';
import type { Grant } from '../api/types';
import { useList } from '../api/use_list';
import { at, setQuery, usePlace } from '../app/router';
import { Button } from '../kit/button';
import { Empty } from '../kit/empty';
import { Page } from '../kit/page';
import { ProblemPanel } from '../kit/problem_panel';
import { Search } from '../kit/search';
import { useShortcut } from '../kit/shortcuts';
import { Tabs } from '../kit/tabs';
import { text } from '../strings';
import { openGrant } from './grant_dialog';
import { openRevoke } from './grant_revoke';
import { GrantTable, type By } from './grant_table';
import { GrantTest } from './grant_test';

const t = text.grants;
/** The most that the server gives at once: an order of its own needs all rows. */
const MOST = 10_000;

export function GrantsList({ realm }: { realm: string }) {
  const [round, setRound] = useState(0);
  const again = () => setRound((n) => n + 1);
  const add = async () => {
    if (await openGrant(realm)) again();
  };
  useShortcut(may('bondy.grant.create') ? 'n' : '', t.new, () => void add());
  const button = (
    <Button kind="primary" icon="plus" needs="bondy.grant.create" onClick={() => void add()}>
      {t.new}
    </Button>
  );
  const lines = (by: By) => () => <Lines key={round} {...{ realm, by, again, button }} />;
  return (
    <Page title={t.title} lead={t.lead} actions={button}>
      <Tabs
        label={t.tabs}
        tabs={[
          { key: 'role', title: t.byRole, render: lines('role') },
          { key: 'resource', title: t.byResource, render: lines('resource') },
          { key: 'test', title: t.test, render: () => <GrantTest realm={realm} /> },
        ]}
      />
    </Page>
  );
}

interface LinesProps {
  realm: string;
  by: By;
  again: () => void;
  button: preact.JSX.Element;
}

function Lines({ realm, by, again, button }: LinesProps) {
  const { query } = usePlace();
  const filter = query.get('filter') ?? '';
  const list = useList<Grant>(at`/realms/${realm}/grants`, { filter }, MOST);
  const { rows, total, loading, problem } = list;
  const nothing = rows.length === 0 && !loading && !problem;
  if (nothing && !filter)
    return (
      <Empty title={t.empty} action={button}>
        <p>{t.emptyBody}</p>
      </Empty>
    );
  const revoke = async (grant: Grant) => {
    if (await openRevoke(realm, grant)) again();
  };
  return (
    <>
      <div class="toolbar">
        <Search label={t.search} value={filter} onSearch={(value) => setQuery({ filter: value })} />
        <span class="muted count" role="status">
          {loading && rows.length === 0 ? text.loading : text.list.count(rows.length, total)}
        </span>
      </div>
      <ProblemPanel problem={problem} again={list.again} />
      {nothing && <Empty title={text.list.noneFound(filter)} />}
      {!loading && total !== undefined && total > rows.length && <p class="notice warn">{t.most(rows.length)}</p>}
      {rows.length > 0 && (
        <GrantTable label={t.title} rows={rows} by={by} realm={realm} onRevoke={(grant) => void revoke(grant)} />
      )}
    </>
  );
}
