// A place for the editor, whose code comes when the first one is shown. Until then, and where it
// does not come, a plain text area does.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { EditorHandle, Mark } from '../editor/editor';
import { text } from '../strings';

export type Language = 'json' | 'yaml' | 'text';

export interface CodeEditorProps {
  label: string;
  value: string;
  language: Language;
  onChange?: (value: string) => void;
  marks?: readonly Mark[];
  readOnly?: boolean;
  /** Where to go: a new object each time. */
  jump?: { line: number; column: number } | undefined;
}

export function CodeEditor(props: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorHandle>();
  const [state, setState] = useState<'coming' | 'here' | 'failed'>('coming');
  // What was typed and has not come back as the value yet: that comes a frame later, by when more may
  // have been typed, which it must not undo.
  const typed = useRef<string[]>([]);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    let gone = false;
    import('../editor/editor').then(
      ({ openEditor }) => {
        if (gone || !host.current) return;
        const { label, value, language, readOnly } = latest.current;
        editor.current = openEditor(host.current, {
          label,
          value,
          language,
          readOnly: readOnly ?? false,
          onChange: (changed) => {
            typed.current.push(changed);
            latest.current.onChange?.(changed);
          },
        });
        editor.current.setMarks(latest.current.marks ?? []);
        setState('here');
      },
      () => setState('failed'),
    );
    return () => {
      gone = true;
      editor.current?.close();
    };
  }, []);
  useEffect(() => {
    const own = typed.current.indexOf(props.value);
    typed.current.splice(0, own < 0 ? Infinity : own + 1);
    if (own < 0) editor.current?.setValue(props.value);
  }, [props.value]);
  useEffect(() => editor.current?.setLanguage(props.language), [props.language]);
  useEffect(() => editor.current?.setMarks(props.marks ?? []), [props.marks]);
  useEffect(() => {
    if (props.jump) editor.current?.jump(props.jump.line, props.jump.column);
  }, [props.jump]);
  return (
    <div class="code-editor">
      <div ref={host} hidden={state === 'failed'} />
      {state === 'coming' && <p class="muted pad">{text.loading}</p>}
      {state === 'failed' && (
        <textarea
          class="mono"
          aria-label={props.label}
          rows={20}
          value={props.value}
          readOnly={props.readOnly}
          onInput={(event) => props.onChange?.(event.currentTarget.value)}
        />
      )}
    </div>
  );
}
