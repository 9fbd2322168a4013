// As whom a request is tried. What is typed here stays in this component: it is kept nowhere.
import { Field } from '../kit/field';
import { text } from '../strings';

const t = text.tryIt;
const KINDS = ['none', 'basic', 'bearer', 'key'] as const;

export interface IdentityValues {
  kind: (typeof KINDS)[number];
  name: string;
  secret: string;
}

export const nobody: IdentityValues = { kind: 'none', name: '', secret: '' };

export function authorizationOf({ kind, name, secret }: IdentityValues): string | undefined {
  if (kind === 'basic') {
    const bytes = new TextEncoder().encode(`${name}:${secret}`);
    return `Basic ${btoa(String.fromCharCode(...bytes))}`;
  }
  if (kind === 'bearer') return `Bearer ${secret}`;
  return kind === 'key' ? `ApiKey ${secret}` : undefined;
}

export interface IdentityProps {
  value: IdentityValues;
  onChange: (value: IdentityValues) => void;
}

export function Identity({ value, onChange }: IdentityProps) {
  return (
    <>
      <Field label={t.who}>
        {(control) => (
          <select
            {...control}
            value={value.kind}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              onChange({ ...nobody, kind: KINDS.find((kind) => kind === chosen) ?? 'none' });
            }}
          >
            {KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {t.kinds[kind]}
              </option>
            ))}
          </select>
        )}
      </Field>
      {value.kind === 'basic' && (
        <Field label={text.login.username}>
          {(control) => (
            <input
              {...control}
              autocomplete="off"
              value={value.name}
              onInput={(event) => onChange({ ...value, name: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
      {value.kind !== 'none' && (
        <Field label={t.secrets[value.kind]}>
          {(control) => (
            <input
              {...control}
              type="password"
              autocomplete="off"
              value={value.secret}
              onInput={(event) => onChange({ ...value, secret: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
    </>
  );
}
