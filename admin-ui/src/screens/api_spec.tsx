// The published specification in the editor, in the notation that was used last.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Spec } from '../api/types';
import { text } from '../strings';
import { keptNotation, SpecEditor, type Notation } from './spec_editor';

export interface ApiSpecProps {
  spec: Spec;
  etag: string | undefined;
  onPublished: (id: string) => void;
}

export function ApiSpec({ spec, etag, onPublished }: ApiSpecProps) {
  const [base, setBase] = useState<{ text: string; language: Notation; etag: string | undefined }>();
  const unsaved = useRef(false);
  const [round, setRound] = useState(0);
  useEffect(() => {
    // What somebody is writing stays: publishing it will show what has changed meanwhile.
    if (unsaved.current || etag === base?.etag) return;
    const json = `${JSON.stringify(spec, null, 2)}\n`;
    const language = keptNotation();
    if (language === 'json') {
      setBase({ text: json, language, etag });
      return;
    }
    let gone = false;
    void import('../editor/convert').then(({ toYaml }) => {
      if (!gone && !unsaved.current) setBase({ text: toYaml(json), language, etag });
    });
    return () => {
      gone = true;
    };
  }, [etag, round]);
  if (!base) return <p class="muted">{text.loading}</p>;
  return (
    <SpecEditor
      key={base.etag}
      initial={base.text}
      language={base.language}
      etag={base.etag}
      id={spec.id}
      unsaved={unsaved}
      onPublished={(id) => {
        // What somebody else has published may be here already.
        setRound((n) => n + 1);
        onPublished(id);
      }}
    />
  );
}
