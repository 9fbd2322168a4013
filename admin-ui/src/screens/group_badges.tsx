// Groups in a row of a table: the first few, and how many more.
import { Badge } from '../kit/badge';
import { text } from '../strings';

const SHOWN = 3;

export function GroupBadges({ groups }: { groups: readonly string[] }) {
  if (groups.length === 0) return <span class="muted">{text.groups.none}</span>;
  const more = groups.slice(SHOWN);
  return (
    <span class="badges">
      {groups.slice(0, SHOWN).map((name) => (
        <Badge key={name}>{name}</Badge>
      ))}
      {more.length > 0 && (
        <span class="muted" title={more.join(', ')}>
          {text.groups.more(more.length)}
        </span>
      )}
    </span>
  );
}
