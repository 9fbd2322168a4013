// The fields of a client, for making one and for changing one. What its grants have no use for is
// left out, as long as it is empty.
import { Check, Checks, Select, TextArea, TextInput } from '../kit/inputs';
import { Picker } from '../kit/picker';
import type { Form } from '../kit/use_form';
import { text } from '../strings';
import { DEVICE, GRANTS, PROOFS, type ClientValues } from './client_data';
import { findGroups } from './user_find';

const t = text.clients;

export interface ClientFieldsProps {
  form: Form<ClientValues>;
  realm: string;
  /** Whether there is one already. */
  fixed?: boolean;
}

export function ClientFields({ form, realm, fixed }: ClientFieldsProps) {
  const { values } = form;
  const has = (grant: string) => values.grant_types.includes(grant);
  const people = has('authorization_code') || has(DEVICE) || has('password');
  const code = has('authorization_code');
  return (
    <>
      {!fixed && <TextInput {...form.bind('client_id')} label={t.id} hint={t.idHint} mono />}
      <TextInput {...form.bind('name')} label={t.name} hint={t.nameHint} />
      <Select
        {...form.bind('proof')}
        label={t.proof}
        hint={t.proofHints[values.proof] ?? ''}
        options={PROOFS.map((value) => ({ value, label: t.proofs[value] }))}
      />
      <Checks
        {...form.bind('grant_types')}
        label={t.grants}
        options={GRANTS.map((value) => ({ value, label: t.grantNames[value] ?? value }))}
      />
      {(code || values.redirect_uris) && (
        <TextArea
          {...form.bind('redirect_uris')}
          label={t.redirect}
          hint={t.redirectHint}
          required={code}
          rows={2}
          mono
        />
      )}
      {(code || values.post_logout_redirect_uris) && (
        <TextArea
          {...form.bind('post_logout_redirect_uris')}
          label={t.postLogout}
          hint={t.postLogoutHint}
          rows={2}
          mono
        />
      )}
      {((code && values.proof === 'public') || values.origins) && (
        <TextArea {...form.bind('origins')} label={t.origins} hint={t.originsHint} rows={2} mono />
      )}
      {values.proof === 'private_key_jwt' && (
        <TextArea {...form.bind('jwks')} label={t.jwks} hint={t.jwksHint} required rows={6} mono />
      )}
      <Picker
        {...form.bind('groups')}
        label={t.groups}
        hint={has('client_credentials') ? t.groupsHint : t.groupsHintPeople}
        find={findGroups(realm)}
      />
      <Check {...form.bind('bounded')} label={t.bounded} hint={t.boundedHint} />
      {values.bounded && (
        <Picker
          {...form.bind('scopes')}
          label={t.scopes}
          hint={t.scopesHint}
          find={findGroups(realm)}
          free
        />
      )}
      {(people || !values.consent) && (
        <Check {...form.bind('consent')} label={t.consent} hint={t.consentHint} />
      )}
    </>
  );
}
