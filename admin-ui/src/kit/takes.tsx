// What goes with something that is deleted: lines that are looked up, of which empty ones and those
// that may not be looked up are left out. The server decides about the deletion anyway.
import { useEffect, useState } from 'preact/hooks';
import { text } from '../strings';

export function Takes({ look }: { look: () => Promise<string>[] }) {
  const [lines, setLines] = useState<string[]>();
  useEffect(() => {
    void Promise.all(look().map((line) => line.catch(() => ''))).then((found) =>
      setLines(found.filter(Boolean)),
    );
  }, []);
  if (!lines) return <p class="muted">{text.loading}</p>;
  return (
    <>
      <p>{text.confirm.takes}</p>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}
