// The mistakes of a text, each a button that jumps to its place where there is one to jump to.
import type { Mistake } from '../api/problem';
import { text } from '../strings';

export interface MistakesProps {
  mistakes: readonly Mistake[];
  onJump?: (mistake: Mistake) => void;
}

export function Mistakes({ mistakes, onJump }: MistakesProps) {
  if (mistakes.length === 0) return null;
  return (
    <ul class="mistakes">
      {mistakes.map((mistake, i) => (
        <li key={i} class={`is-${mistake.severity ?? 'error'}`}>
          {onJump ? (
            <button type="button" class="row-button" onClick={() => onJump(mistake)}>
              <One {...mistake} />
            </button>
          ) : (
            <One {...mistake} />
          )}
        </li>
      ))}
    </ul>
  );
}

function One({ severity, line, column, pointer, detail, allowed, nearest }: Mistake) {
  return (
    <>
      <span class="sr-only">{severity === 'warning' ? text.problem.warning : text.problem.error}</span>
      {line !== undefined && (
        <span class="place mono">
          {line}:{column ?? 1}
        </span>
      )}
      <span>
        {detail}
        {nearest && <> {text.problem.meant(nearest)}</>}
        {allowed && <small>{text.problem.allowed(allowed)}</small>}
        {pointer && line === undefined && <small class="mono">{pointer}</small>}
      </span>
    </>
  );
}
