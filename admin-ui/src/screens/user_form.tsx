// The fields of a user, for making one and for changing one.
import type { User } from '../api/types';
import { TextArea, TextInput } from '../kit/inputs';
import { Picker } from '../kit/picker';
import type { Errors, Form } from '../kit/use_form';
import { text } from '../strings';
import { findGroups } from './user_find';
import { checkMeta, metaOf, metaText } from './user_meta';

const t = text.users;
const bytes = (value: string) => new TextEncoder().encode(value).length;

export interface UserValues {
  username: string;
  password: string;
  groups: string[];
  meta: string;
}

export const newUser: UserValues = { username: '', password: '', groups: [], meta: '' };

export function valuesOf(user: User): UserValues {
  return { username: user.username, password: '', groups: user.groups, meta: metaText(user.meta) };
}

/** What is changed by the form; the password has a dialog of its own. */
export function bodyOf(values: UserValues): Record<string, unknown> {
  return { groups: values.groups, meta: metaOf(values.meta) };
}

export function passwordWrong(password: string): string | undefined {
  const length = bytes(password);
  return length < 6 || length > 254 ? t.passwordRule : undefined;
}

/** Of a new user also the name and the password; the server folds the name and says what it is not. */
export function checkUser(values: UserValues): Errors<UserValues> {
  const errors: Errors<UserValues> = {};
  const meta = checkMeta(values.meta);
  if (!values.username.trim()) errors.username = text.form.required(t.username);
  else if (bytes(values.username) < 3 || bytes(values.username) > 254) errors.username = t.usernameRule;
  const wrong = values.password ? passwordWrong(values.password) : undefined;
  if (wrong) errors.password = wrong;
  if (meta) errors.meta = meta;
  return errors;
}

export interface UserFieldsProps {
  form: Form<UserValues>;
  realm: string;
  /** Whether there is one already. */
  fixed?: boolean;
}

export function UserFields({ form, realm, fixed }: UserFieldsProps) {
  return (
    <>
      {!fixed && (
        <>
          <TextInput {...form.bind('username')} label={t.username} hint={t.usernameHint} required />
          <TextInput
            {...form.bind('password')}
            type="password"
            autocomplete="new-password"
            label={t.password}
            hint={t.passwordHint}
          />
        </>
      )}
      <Picker
        {...form.bind('groups')}
        label={t.groups}
        hint={t.groupsHint}
        find={findGroups(realm)}
        free
      />
      <TextArea {...form.bind('meta')} label={t.meta} hint={t.metaHint} rows={5} mono />
    </>
  );
}
