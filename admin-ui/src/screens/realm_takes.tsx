// What goes when a realm is deleted: how many of each kind the server has.
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { at } from '../app/router';
import { text } from '../strings';

const t = text.realms;
const KINDS = [
  ['users', t.takesUsers],
  ['groups', t.takesGroups],
  ['grants', t.takesGrants],
  ['clients', t.takesClients],
  ['sessions', t.takesSessions],
] as const;

export function RealmTakes({ realm }: { realm: string }) {
  const [lines, setLines] = useState<string[]>();
  useEffect(() => {
    const count = async (kind: string): Promise<number> => {
      const { value, total } = await ask<unknown[]>(`${at`/realms/${realm}`}/${kind}`, {
        query: { limit: 1 },
      });
      return total ?? value.length;
    };
    // What may not be counted is left out: the server decides about the deletion anyway.
    void Promise.all(
      KINDS.map(([kind, say]) => count(kind).then((n) => (n > 0 ? say(n) : ''), () => '')),
    ).then((counted) => setLines(counted.filter(Boolean)));
  }, [realm]);
  if (!lines) return <p class="muted">{text.loading}</p>;
  if (lines.length === 0) return <p>{t.takesNothing}</p>;
  return (
    <>
      <p>{t.takes}</p>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}
