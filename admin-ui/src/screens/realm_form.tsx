// The fields of a realm, for making one and for changing one.
import { Check, Checks, TextInput } from '../kit/inputs';
import type { Errors, Form } from '../kit/use_form';
import type { Realm } from '../api/types';
import { text } from '../strings';

const t = text.realms;
const METHODS = [
  'anonymous',
  'password',
  'wampcra',
  'wamp-scram',
  'cryptosign',
  'ticket',
  'oauth2',
  'api_key',
  'tls',
  'trust',
  'cookie',
];

export interface RealmValues {
  uri: string;
  description: string;
  authmethods: string[];
  security_enabled: boolean;
  allow_connections: boolean;
  is_prototype: boolean;
  is_sso_realm: boolean;
  prototype_uri: string;
}

export const newRealm: RealmValues = {
  uri: '',
  description: '',
  authmethods: ['anonymous', 'password', 'oauth2', 'wampcra', 'ticket'],
  security_enabled: true,
  allow_connections: true,
  is_prototype: false,
  is_sso_realm: false,
  prototype_uri: '',
};

export function valuesOf(realm: Realm): RealmValues {
  return {
    uri: realm.uri,
    description: realm.description ?? '',
    // What the record does not say is the default; it stays unsaid until somebody changes it.
    authmethods: realm.authmethods ?? newRealm.authmethods,
    security_enabled: realm.security_status === 'enabled',
    allow_connections: realm.allow_connections ?? true,
    is_prototype: realm.is_prototype ?? false,
    is_sso_realm: realm.is_sso_realm ?? false,
    prototype_uri: realm.prototype_uri ?? '',
  };
}

export function checkRealm(values: RealmValues): Errors<RealmValues> {
  const errors: Errors<RealmValues> = {};
  if (!values.uri) errors.uri = text.form.required(t.uri);
  else if (!/^[a-z0-9_]+(\.[a-z0-9_]+)*$/.test(values.uri)) errors.uri = t.uriWrong;
  if (new TextEncoder().encode(values.description).length > 512) errors.description = t.descriptionLong;
  return errors;
}

export function RealmFields({ form, fixed }: { form: Form<RealmValues>; fixed?: boolean }) {
  const had = form.values;
  const options = [...new Set([...METHODS, ...had.authmethods])];
  return (
    <>
      {!fixed && <TextInput {...form.bind('uri')} label={t.uri} hint={t.uriHint} required mono />}
      <TextInput {...form.bind('description')} label={t.description} />
      <Checks
        {...form.bind('authmethods')}
        label={t.methods}
        hint={t.methodsHint}
        options={options.map((value) => ({ value, label: value }))}
      />
      <Check {...form.bind('security_enabled')} label={t.securityOn} hint={t.securityHint} />
      <Check {...form.bind('allow_connections')} label={t.connections} />
      <Check {...form.bind('is_prototype')} label={t.isPrototype} hint={t.onceTrue} />
      <Check {...form.bind('is_sso_realm')} label={t.isSso} hint={t.onceTrue} />
      <TextInput {...form.bind('prototype_uri')} label={t.prototype} hint={t.prototypeHint} mono />
    </>
  );
}
