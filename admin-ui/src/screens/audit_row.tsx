// All that one row of the audit says. A link may name a row that is not in the list: it is asked for.
import type { ComponentChildren } from 'preact';
import type { AuditRow } from '../api/types';
import { useAsk } from '../api/use_ask';
import { setQuery } from '../app/router';
import { Badge, type Tone } from '../kit/badge';
import { Button } from '../kit/button';
import { Copy } from '../kit/copy';
import { Dialog } from '../kit/dialog';
import { Loaded } from '../kit/loaded';
import { Time } from '../kit/time';
import { text } from '../strings';

const t = text.audit;
const MONO = new Set(['action', 'error', 'realm', 'actor_realm', 'address', 'request_id', 'before', 'after']);

const TONES: Record<string, Tone> = { ok: 'good', refused: 'warn', failed: 'bad' };

export function Outcome({ outcome }: { outcome: string }) {
  return <Badge tone={TONES[outcome] ?? 'neutral'}>{t.outcomes[outcome] ?? outcome}</Badge>;
}

export interface AuditDetailsProps {
  id: string;
  rows: readonly AuditRow[];
  onClose: () => void;
}

export function AuditDetails({ id, rows, onClose }: AuditDetailsProps) {
  const wanted = Number(id);
  const here = rows.find((row) => row.id === wanted);
  // The cursor is the row above.
  const asked = useAsk<AuditRow[]>(here || !(wanted > 0) ? undefined : `/audit?limit=1&cursor=${wanted + 1}`);
  const row = here ?? asked.value?.find((found) => found.id === wanted);
  const lost = !(wanted > 0) || (asked.value !== undefined && !row);
  const actor = row?.actor;
  const footer = row && (
    <>
      {actor && (
        <Button onClick={() => setQuery({ actor, realm: '', action: '', outcome: '', row: '' })}>{t.sameActor}</Button>
      )}
      <Copy value={JSON.stringify(row, null, 2)}>{t.copy}</Copy>
    </>
  );
  return (
    <Dialog title={row ? row.action : t.title} onClose={onClose} wide footer={footer}>
      {row ? (
        <Members row={row} />
      ) : lost ? (
        <p>{t.gone}</p>
      ) : (
        <Loaded asked={asked}>{() => null}</Loaded>
      )}
    </Dialog>
  );
}

function Members({ row }: { row: AuditRow }) {
  return (
    <dl class="members">
      {Object.entries(t.members)
        .filter(([name]) => row[name as keyof AuditRow] !== undefined)
        .map(([name, label]) => (
          <div key={name}>
            <dt>{label}</dt>
            <dd class={MONO.has(name) ? 'mono' : undefined}>{show(row, name as keyof AuditRow)}</dd>
          </div>
        ))}
    </dl>
  );
}

function show(row: AuditRow, name: keyof AuditRow): ComponentChildren {
  if (name === 'time') return <Time ms={row.time} seconds />;
  if (name === 'outcome') return <Outcome outcome={row.outcome} />;
  return name === 'count' ? t.times(row.count) : String(row[name]);
}
