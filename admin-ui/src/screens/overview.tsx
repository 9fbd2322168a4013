// How the node does, live: what is wrong first, the last minute in numbers, two minutes in lines.
import { useState } from 'preact/hooks';
import { useStats, type Live } from '../api/stream';
import { setQuery, usePlace } from '../app/router';
import { Badge } from '../kit/badge';
import { duration } from '../kit/numbers';
import { Page } from '../kit/page';
import { ProblemPanel } from '../kit/problem_panel';
import { text } from '../strings';
import { Alarms } from './overview_alarms';
import { OverviewCharts } from './overview_charts';
import { FirstApi } from './overview_first';
import { OverviewTable } from './overview_table';
import { Tiles } from './overview_tiles';

const t = text.overview;

export function Overview() {
  const { again, ...live } = useStats();
  const { query } = usePlace();
  const asTable = query.get('view') === 'table';
  const [at, setAt] = useState<number>();
  return (
    <Page title={t.title} lead={lead(live)} actions={<Look asTable={asTable} state={live.state} />}>
      <ProblemPanel problem={live.problem} again={again} />
      <Alarms now={live.now} />
      <FirstApi seq={live.now?.store?.seq} />
      <Tiles now={live.now} />
      {asTable ? (
        <OverviewTable points={live.points} />
      ) : (
        <OverviewCharts points={live.points} at={at} onAt={setAt} />
      )}
    </Page>
  );
}

function lead({ about, now, state }: Live): string {
  if (state === 'stopped') return t.unknown;
  return about && now ? t.lead(about.node, about.version, duration(now.uptime_s)) : text.loading;
}

function Look({ asTable, state }: { asTable: boolean; state: Live['state'] }) {
  return (
    <>
      <span class="live-state" role="status">
        <Badge tone={state === 'live' ? 'good' : 'warn'}>{t.states[state]}</Badge>
      </span>
      <fieldset class="segments">
        <legend class="sr-only">{t.view}</legend>
        {([false, true] as const).map((table) => (
          <label key={String(table)}>
            <input
              type="radio"
              name="view"
              checked={asTable === table}
              onChange={() => setQuery({ view: table ? 'table' : '' })}
            />
            <span>{table ? t.asTable : t.asCharts}</span>
          </label>
        ))}
      </fieldset>
    </>
  );
}
