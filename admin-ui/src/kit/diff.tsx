// Two texts, line by line: what goes and what comes, with a few lines around each change.
import { useMemo } from 'preact/hooks';
import { text } from '../strings';
import { diffLines, type DiffLine } from './diff_lines';

const AROUND = 3;
const SIGNS = { same: ' ', added: '+', removed: '−' } as const;

export interface DiffProps {
  before: string;
  after: string;
  label: string;
}

export function Diff({ before, after, label }: DiffProps) {
  const lines = useMemo(() => near(diffLines(before, after)), [before, after]);
  if (before === after) return <p class="muted">{text.diff.none}</p>;
  return (
    <div class="diff" tabIndex={0} role="region" aria-label={label}>
      <table>
        <tbody>
          {lines.map((line, i) =>
            line === null ? (
              <tr key={i} class="cut">
                <td colSpan={4}>…</td>
              </tr>
            ) : (
              <tr key={i} class={line.kind}>
                <td class="line-number">{line.before}</td>
                <td class="line-number">{line.after}</td>
                <td class="sign">
                  {line.kind === 'same' ? (
                    ''
                  ) : (
                    <>
                      <span aria-hidden="true">{SIGNS[line.kind]}</span>
                      <span class="sr-only">{text.diff[line.kind]}</span>
                    </>
                  )}
                </td>
                <td class="line">{line.text}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

/** Only what is near a change; null stands for what is left out. */
function near(lines: DiffLine[]): (DiffLine | null)[] {
  const wanted = new Set<number>();
  lines.forEach((line, i) => {
    if (line.kind !== 'same')
      for (let j = i - AROUND; j <= i + AROUND; j++) if (lines[j]) wanted.add(j);
  });
  const shown: (DiffLine | null)[] = [];
  lines.forEach((line, i) => {
    if (wanted.has(i)) shown.push(line);
    else if (shown.length === 0 || shown[shown.length - 1] !== null) shown.push(null);
  });
  return shown;
}
