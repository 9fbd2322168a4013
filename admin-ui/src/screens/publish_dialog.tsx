// Publishing: what changes for callers, the texts side by side for who wants them, a comment for the
// history. Somebody who published meanwhile is not overwritten unseen.
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { guarded, pretty } from '../api/save';
import type { Published, Spec } from '../api/types';
import { at } from '../app/router';
import { Button } from '../kit/button';
import { Dialog, openDialog } from '../kit/dialog';
import { Diff } from '../kit/diff';
import { Field } from '../kit/field';
import { ProblemPanel } from '../kit/problem_panel';
import { toast } from '../kit/toast';
import { text } from '../strings';
import { ChangeList } from './change_list';
import { asSpec } from './use_spec_check';

const t = text.publish;

export interface Publication {
  content: string;
  json: boolean;
  /** What the dry run said. */
  check: Published;
  etag: string | undefined;
  /** The API that is being edited, unless it is new. */
  id: string | undefined;
}

/** What was published, or undefined when nothing was. */
export function publishBy(what: Publication): Promise<Published | undefined> {
  return openDialog<Published | undefined>((close) => <Publish {...what} close={close} />);
}

async function asJson({ content, json }: Publication): Promise<string> {
  if (json) return pretty(JSON.parse(content));
  const { toJson } = await import('../editor/convert');
  return pretty(JSON.parse(toJson(content)));
}

function Publish(what: Publication & { close: (done: Published | undefined) => void }) {
  const { content, json, check, id, close } = what;
  const [comment, setComment] = useState('');
  const [problem, setProblem] = useState<Error>();
  const [busy, setBusy] = useState(false);
  // A new specification whose id exists is held to the version that the dry run compared it with.
  const sameId = id === check.id;
  const etag = sameId ? what.etag : check.version > 0 ? `"${check.version}"` : undefined;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const answer = await guarded<Published>({
        etag,
        send: (tag) =>
          ask('/api_specs', {
            method: 'POST',
            query: { comment: comment.trim() },
            raw: asSpec(content, json),
            etag: tag,
          }),
        look: async () => {
          const now = await ask<Spec>(at`/api_specs/${check.id}`);
          return { theirs: pretty(now.value), etag: now.etag };
        },
        mine: () => asJson(what),
      });
      if (answer === 'edit') return setBusy(false);
      if (answer === 'theirs') return close({ ...check, changed: false });
      const { version, nodes, pending = [] } = answer.value;
      if (pending.length > 0) toast(t.pending(check.id, version, pending.join(', ')), 'bad');
      else toast(t.done(check.id, version, nodes.length));
      close(answer.value);
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog
      wide
      title={t.title(check.id)}
      onClose={() => close(undefined)}
      footer={
        <>
          <Button onClick={() => close(undefined)}>{text.cancel}</Button>
          <Button kind="primary" busy={busy} onClick={(event) => void submit(event)}>
            {t.action}
          </Button>
        </>
      }
    >
      {id !== undefined && !sameId && <p class="notice warn">{t.otherId(check.id)}</p>}
      {id === undefined && check.version > 0 && (
        <p class="notice warn">{t.exists(check.id, check.version)}</p>
      )}
      <ChangeList diff={check.diff ?? []} isNew={check.version === 0} />
      {check.warnings.map((warning) => (
        <p key={warning.detail} class="notice warn">
          {warning.detail}
        </p>
      ))}
      {check.version > 0 && <Texts what={what} />}
      <ProblemPanel problem={problem} />
      <form onSubmit={(event) => void submit(event)}>
        <Field label={t.comment} hint={t.commentHint}>
          {(control) => (
            <input
              {...control}
              value={comment}
              maxLength={200}
              autocomplete="off"
              autofocus
              onInput={(event) => setComment(event.currentTarget.value)}
            />
          )}
        </Field>
      </form>
    </Dialog>
  );
}

function Texts({ what }: { what: Publication }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t.texts}</summary>
      {open && <TextDiff what={what} />}
    </details>
  );
}

function TextDiff({ what }: { what: Publication }) {
  const [texts, setTexts] = useState<[string, string]>();
  const [problem, setProblem] = useState<Error>();
  useEffect(() => {
    void Promise.all([
      ask<Spec>(at`/api_specs/${what.check.id}`).then(({ value }) => pretty(value)),
      asJson(what),
    ]).then(setTexts, setProblem);
  }, []);
  if (problem) return <ProblemPanel problem={problem} />;
  if (!texts) return <p class="muted">{text.loading}</p>;
  return <Diff before={texts[0]} after={texts[1]} label={t.texts} />;
}
