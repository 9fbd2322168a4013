// A refusal, as the server said it: what, its code, the request's id, every mistake; and a copy of
// all that for whoever is asked for help.
import { NoAnswer, Problem } from '../api/problem';
import { text } from '../strings';
import { Button } from './button';
import { Copy } from './copy';
import { Icon } from './icon';
import { Mistakes } from './mistakes';

export function ProblemPanel({ problem, again }: { problem: Error | undefined; again?: () => void }) {
  if (!problem) return null;
  const said = problem instanceof Problem ? problem : undefined;
  return (
    <section class="problem" role="alert">
      <strong class="problem-title">
        <Icon name="warning" />
        {said?.title ?? (problem instanceof NoAnswer ? text.connection.away : text.problem.here)}
      </strong>
      <p>{problem.message}</p>
      {said && <Mistakes mistakes={said.errors} />}
      <footer>
        {said && (
          <span class="mono">
            {said.status} {said.code}
            {said.requestId && ` · ${text.problem.request} ${said.requestId}`}
          </span>
        )}
        <Copy value={asText(problem)}>{text.problem.copy}</Copy>
        {again && <Button onClick={again}>{text.again}</Button>}
      </footer>
    </section>
  );
}

function asText(problem: Error): string {
  if (!(problem instanceof Problem)) return problem.stack ?? problem.message;
  const { status, code, requestId, message, errors } = problem;
  return JSON.stringify({ status, code, request_id: requestId, detail: message, errors }, null, 2);
}
