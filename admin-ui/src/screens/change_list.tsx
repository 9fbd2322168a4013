// What a publication changes, what may break callers first.
import type { SpecChange } from '../api/types';
import { Badge } from '../kit/badge';
import { text } from '../strings';
import { changesOf, type Change } from './changes_of';

const t = text.publish;
const TONES = { added: 'good', removed: 'bad', changed: 'accent' } as const;
const SHOWN = 50;

export function ChangeList({ diff, isNew }: { diff: readonly SpecChange[]; isNew: boolean }) {
  if (isNew) return <p>{t.isNew}</p>;
  const changes = changesOf(diff).sort((a, b) => Number(b.breaks) - Number(a.breaks));
  if (changes.length === 0) return <p>{t.nothing}</p>;
  const breaking = changes.filter((change) => change.breaks).length;
  return (
    <section>
      {breaking > 0 && <p class="notice bad">{t.breaking(breaking)}</p>}
      <ul class="changes">
        {changes.slice(0, SHOWN).map((change, i) => (
          <One key={i} change={change} />
        ))}
        {changes.length > SHOWN && <li>{t.more(changes.length - SHOWN)}</li>}
      </ul>
    </section>
  );
}

function One({ change: { kind, what, breaks, before, after } }: { change: Change }) {
  return (
    <li>
      <Badge tone={TONES[kind]}>{text.diff[kind]}</Badge>
      <span>
        <span class="mono">{what}</span>
        {kind === 'changed' && before && after && (
          <small class="mono">
            {before} → {after}
          </small>
        )}
      </span>
      {breaks && <Badge tone="bad">{t.breaks}</Badge>}
    </li>
  );
}
