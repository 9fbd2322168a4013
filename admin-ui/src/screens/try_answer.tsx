// The answer to a tried request: status, time, headers, and the body as it is best read.
import { useMemo } from 'preact/hooks';
import type { Tried } from '../api/types';
import { Badge, type Tone } from '../kit/badge';
import { Copy } from '../kit/copy';
import { text } from '../strings';

const t = text.tryIt;

function toneOf(status: number): Tone {
  if (status < 300) return 'good';
  return status < 500 ? 'warn' : 'bad';
}

export function TryAnswer({ tried }: { tried: Tried }) {
  const { status, headers, ms, request_id: request, truncated } = tried;
  const body = useMemo(() => readable(tried), [tried]);
  return (
    <div class="answer">
      <div class="toolbar">
        <Badge tone={toneOf(status)}>{String(status)}</Badge>
        <span>{t.took(ms)}</span>
        {request && (
          <span class="muted mono">
            {text.problem.request} {request}
          </span>
        )}
        <span class="space" />
        <Copy value={body}>{t.copyBody}</Copy>
      </div>
      {tried.body_base64 && <p class="muted">{t.packed}</p>}
      {truncated && <p class="notice warn">{t.truncated}</p>}
      {body ? <pre tabIndex={0}>{body}</pre> : <p class="muted">{t.noBody}</p>}
      <details>
        <summary>{t.answerHeaders}</summary>
        <pre tabIndex={0}>
          {headers.map(([name, value]) => `${name}: ${value}`).join('\n')}
        </pre>
      </details>
    </div>
  );
}

function readable({ body, body_base64: packed }: Tried): string {
  if (!body) return packed ?? '';
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
