// A specification in JSON or YAML: checked by the server as one types, its mistakes marked on their
// lines and listed below, published by a dialog that shows what changes.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { may } from '../api/session';
import type { Mistake } from '../api/problem';
import { addGuard } from '../app/router';
import type { Mark } from '../editor/editor';
import { Badge } from '../kit/badge';
import { Button } from '../kit/button';
import { CodeEditor } from '../kit/code_editor';
import { Mistakes } from '../kit/mistakes';
import { ProblemPanel } from '../kit/problem_panel';
import { useShortcut } from '../kit/shortcuts';
import { toast } from '../kit/toast';
import { text } from '../strings';
import { publishBy } from './publish_dialog';
import { useSpecCheck, type Check } from './use_spec_check';

const t = text.spec;
const KEY = 'postern.notation';
const LOAD = 'bondy.http_gateway.api.load';

export type Notation = 'json' | 'yaml';

export function keptNotation(): Notation {
  return localStorage.getItem(KEY) === 'yaml' ? 'yaml' : 'json';
}

export interface SpecEditorProps {
  initial: string;
  language: Notation;
  /** Of the version that `initial` is; none for what is new. */
  etag: string | undefined;
  id?: string;
  /** Told whether something here would be lost. */
  unsaved?: { current: boolean };
  onPublished: (id: string) => void;
}

export function SpecEditor(props: SpecEditorProps) {
  const { initial, language: first, etag, id, onPublished } = props;
  const [content, setContent] = useState(initial);
  const [language, setLanguage] = useState(first);
  const [jump, setJump] = useState<{ line: number; column: number }>();
  const start = useRef(initial);
  // Of what is published from here, also before it has been asked for again.
  const version = useRef(etag);
  const own = useRef(false);
  const unsaved = props.unsaved ?? own;
  unsaved.current = content !== start.current;
  useEffect(() => addGuard(() => unsaved.current), []);
  const check = useSpecCheck(content, language === 'json');
  const mistakes = useMemo(() => mistakesOf(check), [check]);
  const marks = useMemo(() => mistakes.map(markOf), [mistakes]);

  const turn = async (to: Notation) => {
    if (to === language) return;
    try {
      const { toJson, toYaml } = await import('../editor/convert');
      const turned = to === 'json' ? toJson(content) : toYaml(content);
      // Another notation of the same is no change.
      if (!unsaved.current) start.current = turned;
      setContent(turned);
      setLanguage(to);
      localStorage.setItem(KEY, to);
    } catch {
      toast(t.cannotTurn, 'bad');
    }
  };
  const publish = async () => {
    if (check.is !== 'good') return;
    const done = await publishBy({ content, json: language === 'json', check: check.result, etag: version.current, id });
    if (!done) return;
    if (done.changed) version.current = `"${done.version}"`;
    unsaved.current = false;
    start.current = content;
    onPublished(done.id);
  };
  const off = whyNot(check, id !== undefined);
  useShortcut('mod+s', t.publish, () => {
    if (!off && may(LOAD)) void publish();
  });
  return (
    <>
      <div class="toolbar">
        <fieldset class="segments">
          <legend class="sr-only">{t.notation}</legend>
          {(['yaml', 'json'] as const).map((name) => (
            <label key={name}>
              <input
                type="radio"
                name="notation"
                checked={language === name}
                onChange={() => void turn(name)}
              />
              <span>{name.toUpperCase()}</span>
            </label>
          ))}
        </fieldset>
        <Verdict check={check} />
        <span class="space" />
        <Button kind="primary" needs={LOAD} off={off} onClick={() => void publish()}>
          {t.publishDots}
        </Button>
      </div>
      <CodeEditor
        label={t.label}
        value={content}
        language={language}
        onChange={setContent}
        marks={marks}
        jump={jump}
      />
      {check.is === 'refused' && <ProblemPanel problem={check.problem} />}
      {mistakes.length > 0 && (
        <section class="problems" aria-label={t.problems}>
          <h2>{t.problems}</h2>
          <Mistakes
            mistakes={mistakes}
            onJump={({ line, column }) => setJump({ line: line ?? 1, column: column ?? 1 })}
          />
        </section>
      )}
    </>
  );
}

function mistakesOf(check: Check): readonly Mistake[] {
  if (check.is === 'wrong') return check.mistakes;
  if (check.is !== 'good') return [];
  return check.result.warnings.map((warning) => ({ ...warning, severity: 'warning' as const }));
}

function markOf({ line, column, severity, detail, nearest }: Mistake): Mark {
  return {
    line: line ?? 1,
    column: column ?? 1,
    severity: severity ?? 'error',
    message: nearest ? `${detail} ${text.problem.meant(nearest)}` : detail,
  };
}

function whyNot(check: Check, isThere: boolean): string | undefined {
  if (check.is === 'checking') return t.checking;
  if (check.is !== 'good') return t.mendFirst;
  return isThere && !check.result.changed ? t.nothingChanged : undefined;
}

function Verdict({ check }: { check: Check }) {
  const said = {
    checking: () => <span class="muted">{t.checking}</span>,
    refused: () => <Badge tone="bad">{t.notChecked}</Badge>,
    wrong: () => (
      <Badge tone="bad">{t.mistakes(check.is === 'wrong' ? check.mistakes.length : 0)}</Badge>
    ),
    good: () => (
      <Badge tone="good">
        {check.is === 'good' && !check.result.changed ? t.unchanged : t.good}
      </Badge>
    ),
  };
  return (
    <span role="status" class="verdict">
      {said[check.is]()}
    </span>
  );
}
