// CodeMirror, set up for JSON and YAML with marks from the server. Loaded on demand. It lives in an
// open shadow root: there CodeMirror's styles are constructed sheets, which a strict content security
// policy allows without a nonce. The theme's custom properties reach inside.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, foldGutter, foldKeymap, indentUnit } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, type Extension, type Text } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { look } from './look';

export interface Mark {
  line: number;
  column: number;
  severity: 'error' | 'warning';
  message: string;
}

export interface EditorOptions {
  label: string;
  value: string;
  language: 'json' | 'yaml' | 'text';
  readOnly: boolean;
  onChange: (value: string) => void;
}

export interface EditorHandle {
  setValue(value: string): void;
  setLanguage(language: EditorOptions['language']): void;
  setMarks(marks: readonly Mark[]): void;
  jump(line: number, column: number): void;
  close(): void;
}

export function openEditor(host: HTMLElement, options: EditorOptions): EditorHandle {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const language = new Compartment();
  // While the value is set from outside, who sets it knows.
  let told = false;
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: options.value,
      extensions: [
        basics(options),
        language.of(languageOf(options.language)),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !told) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setValue(value) {
      if (value === view.state.doc.toString()) return;
      told = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } });
      told = false;
    },
    setLanguage(next) {
      view.dispatch({ effects: language.reconfigure(languageOf(next)) });
    },
    setMarks(marks) {
      const found = marks.map((mark) => diagnosticOf(view.state.doc, mark));
      view.dispatch(setDiagnostics(view.state, found));
    },
    jump(line, column) {
      const { from } = placeOf(view.state.doc, line, column);
      view.dispatch({
        selection: { anchor: from },
        effects: EditorView.scrollIntoView(from, { y: 'center' }),
      });
      view.focus();
    },
    close() {
      view.destroy();
    },
  };
}

function basics({ label, readOnly }: EditorOptions): Extension {
  return [
    lineNumbers(),
    lintGutter(),
    foldGutter(),
    history(),
    drawSelection(),
    indentUnit.of('  '),
    EditorState.tabSize.of(2),
    EditorState.readOnly.of(readOnly),
    bracketMatching(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    search({ top: true }),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label }),
    look,
    typeOver,
    keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...foldKeymap, ...lintKeymap]),
    // Esc, then Tab leaves the editor: who has only a keyboard is not kept in it.
    keymap.of([indentWithTab]),
  ];
}

/** Typing over a selection: the browser would keep its look by a style attribute, which the policy refuses. */
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { state } = view;
    if (event.inputType !== 'insertText' || !event.data || event.isComposing) return false;
    if (state.readOnly || state.selection.main.empty) return false;
    view.dispatch({ ...state.replaceSelection(event.data), userEvent: 'input.type', scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

function languageOf(language: EditorOptions['language']): Extension {
  if (language === 'json') return json();
  return language === 'yaml' ? yaml() : [];
}

function placeOf(doc: Text, line: number, column: number): { from: number; to: number } {
  const at = doc.line(Math.max(1, Math.min(line, doc.lines)));
  const from = Math.min(at.from + Math.max(0, column - 1), at.to);
  const word = /^[\w.$~/-]+/.exec(doc.sliceString(from, at.to))?.[0].length ?? 0;
  return { from, to: Math.min(at.to, from + Math.max(1, word)) };
}

function diagnosticOf(doc: Text, { line, column, severity, message }: Mark): Diagnostic {
  return { ...placeOf(doc, line, column), severity, message };
}
