// The published specification in the editor, in the notation that was used last.
import { useEffect, useState } from 'preact/hooks';
import type { Spec } from '../api/types';
import { text } from '../strings';
import { keptNotation, SpecEditor, type Notation } from './spec_editor';

export interface ApiSpecProps {
  spec: Spec;
  etag: string | undefined;
  onPublished: (id: string) => void;
}

export function ApiSpec({ spec, etag, onPublished }: ApiSpecProps) {
  const [initial, setInitial] = useState<{ text: string; language: Notation }>();
  useEffect(() => {
    const json = `${JSON.stringify(spec, null, 2)}\n`;
    const language = keptNotation();
    if (language === 'json') return setInitial({ text: json, language });
    void import('../editor/convert').then(({ toYaml }) =>
      setInitial({ text: toYaml(json), language }),
    );
  }, []);
  if (!initial) return <p class="muted">{text.loading}</p>;
  return (
    <SpecEditor
      initial={initial.text}
      language={initial.language}
      etag={etag}
      id={spec.id}
      onPublished={onPublished}
    />
  );
}
