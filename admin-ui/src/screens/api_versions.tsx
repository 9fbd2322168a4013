// The history of a specification: what differs from now, and back to it.
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { pretty } from '../api/save';
import type { Published, Spec, StoredVersion } from '../api/types';
import { at } from '../app/router';
import { Badge } from '../kit/badge';
import { Button } from '../kit/button';
import { Dialog, openDialog } from '../kit/dialog';
import { Diff } from '../kit/diff';
import { List } from '../kit/list';
import { ProblemPanel } from '../kit/problem_panel';
import type { Column } from '../kit/table';
import { Time } from '../kit/time';
import { toast } from '../kit/toast';
import { text } from '../strings';

const t = text.versions;

export interface ApiVersionsProps {
  spec: Spec;
  version: number;
  onRolledBack: () => void;
}

export function ApiVersions({ spec, version, onRolledBack }: ApiVersionsProps) {
  const look = async (wanted: number) => {
    const done = await openDialog<boolean>((close) => (
      <Compare spec={spec} now={version} wanted={wanted} close={close} />
    ));
    if (done) onRolledBack();
  };
  const columns: readonly Column<StoredVersion>[] = [
    {
      title: t.version,
      cell: (row) => (
        <>
          {row.version} {row.version === version && <Badge tone="good">{t.current}</Badge>}
          {row.deleted && <Badge tone="bad">{t.deletion}</Badge>}
        </>
      ),
      width: '9rem',
    },
    { title: t.when, cell: (row) => <Time ms={row.ts} />, width: '13rem' },
    { title: t.author, cell: (row) => row.author, width: '12rem' },
    { title: t.comment, cell: (row) => row.comment },
    {
      title: t.actions,
      cell: (row) =>
        row.version !== version &&
        !row.deleted && (
          <Button onClick={() => void look(row.version)} label={t.compareLabel(row.version)}>
            {t.compare}
          </Button>
        ),
      width: '9rem',
    },
  ];
  return (
    <List
      label={t.title}
      path={at`/api_specs/${spec.id}/versions`}
      columns={columns}
      rowKey={(row) => String(row.version)}
      searchable={false}
      empty={<p class="muted">{t.none}</p>}
    />
  );
}

interface CompareProps {
  spec: Spec;
  now: number;
  wanted: number;
  close: (done: boolean) => void;
}

function Compare({ spec, now, wanted, close }: CompareProps) {
  const [before, setBefore] = useState<string>();
  const [problem, setProblem] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const fail = (error: unknown) =>
    setProblem(error instanceof Error ? error : new Error(String(error)));
  useEffect(() => {
    ask<Spec>(at`/api_specs/${spec.id}`, { query: { version: wanted } }).then(
      ({ value }) => setBefore(pretty(value)),
      fail,
    );
  }, []);
  const rollBack = async () => {
    setBusy(true);
    try {
      const { value } = await ask<Published>(at`/api_specs/${spec.id}/rollback`, {
        method: 'POST',
        body: { version: wanted },
        etag: `"${now}"`,
      });
      const { version, pending = [] } = value;
      if (pending.length > 0) toast(text.publish.pending(spec.id, version, pending.join(', ')), 'bad');
      else toast(t.done(wanted, version));
      close(true);
    } catch (error) {
      fail(error);
      setBusy(false);
    }
  };
  return (
    <Dialog
      wide
      title={t.compareTitle(now, wanted)}
      onClose={() => close(false)}
      footer={
        <>
          <Button onClick={() => close(false)}>{text.close}</Button>
          <Button
            kind="primary"
            needs="bondy.http_gateway.api.rollback"
            busy={busy}
            onClick={() => void rollBack()}
          >
            {t.rollBack(wanted)}
          </Button>
        </>
      }
    >
      <p>{t.compareBody}</p>
      {before !== undefined && <Diff before={pretty(spec)} after={before} label={t.diff} />}
      <ProblemPanel problem={problem} />
    </Dialog>
  );
}
