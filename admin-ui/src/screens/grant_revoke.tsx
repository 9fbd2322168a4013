// Taking back some or all of what one role has on one resource.
import { ask } from '../api/client';
import type { Grant } from '../api/types';
import { at } from '../app/router';
import { openDialog } from '../kit/dialog';
import { FormDialog } from '../kit/form_dialog';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import { Permissions } from './grant_fields';
import { resourceOf } from './grant_table';

const t = text.grants;

/** True when something has been revoked. */
export function openRevoke(realm: string, grant: Grant): Promise<boolean> {
  return openDialog<boolean>((close) => <Revoke realm={realm} grant={grant} close={close} />);
}

interface Props {
  realm: string;
  grant: Grant;
  close: (done: boolean) => void;
}

function Revoke({ realm, grant, close }: Props) {
  const { roles, resource } = grant;
  const form = useForm({
    initial: { permissions: grant.permissions },
    check: ({ permissions }) => (permissions.length === 0 ? { permissions: t.permissionsNone } : {}),
    submit: async ({ permissions }) => {
      const where = resource.uri === 'any' ? { resources: 'any' } : { resource };
      const body = { roles: roles.includes('all') ? 'all' : roles, permissions, ...where };
      await ask(at`/realms/${realm}/grants`, { method: 'PUT', body });
      toast(t.revoked);
      close(true);
    },
  });
  return (
    <FormDialog
      danger
      title={t.revokeTitle}
      form={form}
      action={t.revoke}
      needs="bondy.grant.revoke"
      onClose={() => close(false)}
    >
      <p>
        <strong>{roles.join(', ')}</strong>
        <br />
        <code class="wrap">{resourceOf(grant)}</code>
        {resource.uri !== 'any' && <span class="muted"> {resource.match}</span>}
      </p>
      <Permissions {...form.bind('permissions')} options={grant.permissions} />
      <p class="muted">{t.revokeTakes}</p>
    </FormDialog>
  );
}
