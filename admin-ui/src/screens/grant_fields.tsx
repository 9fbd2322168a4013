// Permissions, each with what it permits; and a resource, with examples of what it covers.
import { Field } from '../kit/field';
import { Select, TextInput } from '../kit/inputs';
import type { Binding } from '../kit/use_form';
import { text } from '../strings';
import { examplesOf, MATCHES, type Match } from './grant_match';

const t = text.grants;

export interface PermissionsProps extends Binding<string[]> {
  /** Those that are offered. */
  options: readonly string[];
}

export function Permissions({ id, value, set, error, options }: PermissionsProps) {
  return (
    <fieldset class="checks" id={id} tabIndex={-1}>
      <legend>{t.permissions}</legend>
      {error && <p class="error">{error}</p>}
      <div class="permissions">
        {options.map((name) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={value.includes(name)}
              onChange={(event) => {
                const on = event.currentTarget.checked;
                set(options.filter((o) => (o === name ? on : value.includes(o))));
              }}
            />
            <span>
              <span class="mono">{name}</span>
              {t.permits[name] && <small>{t.permits[name]}</small>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export interface ResourceProps {
  match: Binding<string>;
  uri: Binding<string>;
  /** Without "any": of questions. */
  narrow?: boolean;
}

export function Resource({ match, uri, narrow }: ResourceProps) {
  const how = match.value as Match;
  return (
    <>
      <Select
        {...match}
        label={t.match}
        hint={t.matches[how]}
        options={MATCHES.filter((name) => !narrow || name !== 'any').map((value) => ({
          value,
          label: t.matchNames[value],
        }))}
      />
      {how !== 'any' && <TextInput {...uri} label={t.uri} hint={t.uriHints[how]} mono required />}
      {!narrow && <Covers match={how} uri={uri.value.trim()} />}
    </>
  );
}

function Covers({ match, uri }: { match: Match; uri: string }) {
  const { covers, not } = examplesOf(match, uri);
  if (covers.length === 0) return null;
  return (
    <Field label={t.covers}>
      {(control) => (
        <output {...control} class="covers">
          {covers.map((example) => (
            <span key={example} class="mono is-in">
              <span aria-hidden="true">✓</span>
              <span class="sr-only">{t.coversIt}</span> {example}
            </span>
          ))}
          {not.map((example) => (
            <span key={example} class="mono is-out">
              <span aria-hidden="true">✗</span>
              <span class="sr-only">{t.coversNot}</span> {example}
            </span>
          ))}
        </output>
      )}
    </Field>
  );
}
