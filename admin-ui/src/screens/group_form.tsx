// The fields of a group, for making one and for changing one.
import type { Group } from '../api/types';
import { TextArea, TextInput } from '../kit/inputs';
import { Picker } from '../kit/picker';
import type { Errors, Form } from '../kit/use_form';
import { text } from '../strings';
import { findGroups } from './user_find';
import { checkMeta, metaOf, metaText } from './user_meta';

const t = text.groups;

export interface GroupValues {
  name: string;
  groups: string[];
  meta: string;
}

export const newGroup: GroupValues = { name: '', groups: [], meta: '' };

export function valuesOf(group: Group): GroupValues {
  return { name: group.name, groups: group.groups, meta: metaText(group.meta) };
}

export function bodyOf(values: GroupValues): Record<string, unknown> {
  return { groups: values.groups, meta: metaOf(values.meta) };
}

export function checkGroup(values: GroupValues): Errors<GroupValues> {
  const errors: Errors<GroupValues> = {};
  const meta = checkMeta(values.meta);
  if (!values.name.trim()) errors.name = text.form.required(t.name);
  else if (values.name.includes('/')) errors.name = t.nameSlash;
  if (meta) errors.meta = meta;
  return errors;
}

export interface GroupFieldsProps {
  form: Form<GroupValues>;
  realm: string;
  fixed?: boolean;
}

export function GroupFields({ form, realm, fixed }: GroupFieldsProps) {
  const find = findGroups(realm);
  const others = async (typed: string, signal: AbortSignal) =>
    (await find(typed, signal)).filter((name) => name !== form.values.name);
  return (
    <>
      {!fixed && <TextInput {...form.bind('name')} label={t.name} hint={t.nameHint} required />}
      <Picker {...form.bind('groups')} label={t.nested} hint={t.nestedHint} find={others} free />
      <TextArea {...form.bind('meta')} label={text.users.meta} hint={text.users.metaHint} rows={5} mono />
    </>
  );
}
