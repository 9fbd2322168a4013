// The nodes that share the store: who lives, and how far each serves what was written.
import type { NodeInfo } from '../api/types';
import { Badge } from '../kit/badge';
import { Loaded } from '../kit/loaded';
import { count, duration } from '../kit/numbers';
import { Page } from '../kit/page';
import { Table, type Column } from '../kit/table';
import { text } from '../strings';
import { useNodes } from './nodes_use';

const t = text.nodes;
const OFTEN = { everyMs: 3000, times: 200 };

function columnsOf(nodes: readonly NodeInfo[]): Column<NodeInfo>[] {
  const own = nodes.find(({ self }) => self)?.version;
  return [
    {
      title: t.name,
      cell: ({ name, self }) => (
        <>
          {name} {self && <Badge tone="accent">{t.self}</Badge>}
        </>
      ),
      width: '24%',
    },
    {
      title: t.state,
      cell: ({ live }) => <Badge tone={live ? 'good' : 'bad'}>{live ? t.live : t.dead}</Badge>,
      width: '7rem',
    },
    {
      title: t.version,
      cell: ({ version }) => (
        <>
          {version} {version !== own && <Badge tone="warn">{t.otherVersion}</Badge>}
        </>
      ),
    },
    { title: t.serves, cell: ({ seq }) => count(seq), number: true },
    { title: t.lag, cell: ({ lag }) => (lag > 0 ? <strong>{count(lag)}</strong> : count(lag)), number: true },
    {
      title: t.seen,
      cell: ({ live, age_ms }) => (live ? t.justNow : t.ago(duration(age_ms / 1000))),
      width: '9rem',
    },
    { title: t.url, cell: ({ url }) => url, mono: true },
  ];
}

export function NodesList() {
  const nodes = useNodes(OFTEN);
  return (
    <Page title={t.title} lead={t.lead}>
      <Loaded asked={nodes}>
        {(rows) => (
          <>
            <Table label={t.title} columns={columnsOf(rows)} rows={rows} rowKey={({ id }) => id} />
            {rows.length === 1 && <p class="hint after-table">{t.alone}</p>}
          </>
        )}
      </Loaded>
    </Page>
  );
}
