// Granting permissions on a resource to roles.
import { ask } from '../api/client';
import { at } from '../app/router';
import { openDialog } from '../kit/dialog';
import { FormDialog } from '../kit/form_dialog';
import { Picker } from '../kit/picker';
import { toast } from '../kit/toast';
import { useForm, type Errors } from '../kit/use_form';
import { text } from '../strings';
import { Permissions, Resource } from './grant_fields';
import { uriWrong, type Match } from './grant_match';
import { findRoles } from './user_find';

const t = text.grants;

export interface GrantValues {
  roles: string[];
  permissions: string[];
  match: string;
  uri: string;
}

const nothing: GrantValues = { roles: [], permissions: ['wamp.call'], match: 'exact', uri: '' };

function check({ roles, permissions, match, uri }: GrantValues): Errors<GrantValues> {
  return {
    ...(roles.length === 0 && { roles: text.form.required(t.roles) }),
    ...(permissions.length === 0 && { permissions: t.permissionsNone }),
    ...(uriWrong(match as Match, uri.trim()) && { uri: t.uriWrong }),
  };
}

/** True when it has been granted. */
export function openGrant(realm: string, initial: Partial<GrantValues> = {}): Promise<boolean> {
  return openDialog<boolean>((close) => (
    <GrantDialog realm={realm} initial={{ ...nothing, ...initial }} close={close} />
  ));
}

interface Props {
  realm: string;
  initial: GrantValues;
  close: (done: boolean) => void;
}

function GrantDialog({ realm, initial, close }: Props) {
  const form = useForm({
    initial,
    check,
    submit: async ({ roles, permissions, match, uri }) => {
      const where = match === 'any' ? { resources: 'any' } : { uri: uri.trim(), match };
      const body = { roles: roles.includes('all') ? 'all' : roles, permissions, ...where };
      await ask(at`/realms/${realm}/grants`, { method: 'POST', body });
      toast(t.granted);
      close(true);
    },
  });
  const known = Object.keys(t.permits);
  const options = [...known, ...initial.permissions.filter((name) => !known.includes(name))];
  return (
    <FormDialog
      wide
      title={t.new}
      form={form}
      action={t.grant}
      needs="bondy.grant.create"
      onClose={() => close(false)}
    >
      <Picker
        {...form.bind('roles')}
        label={t.roles}
        hint={t.rolesHint}
        find={findRoles(realm, ['all', 'anonymous'])}
        free
        required
      />
      <div class="columns">
        <Permissions {...form.bind('permissions')} options={options} />
        <div class="form-part">
          <Resource match={form.bind('match')} uri={form.bind('uri')} />
        </div>
      </div>
    </FormDialog>
  );
}
