// Making a realm.
import { ask } from '../api/client';
import { changed } from '../api/save';
import { at, go, href } from '../app/router';
import { Form } from '../kit/form';
import { Page } from '../kit/page';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import { checkRealm, newRealm, RealmFields } from './realm_form';

const t = text.realms;

export function RealmNew() {
  const form = useForm({
    initial: newRealm,
    check: checkRealm,
    submit: async (values) => {
      await ask('/realms', { method: 'POST', body: changed(newRealm, values) });
      toast(t.created(values.uri));
      go(at`/realms/${values.uri}`);
    },
  });
  return (
    <Page title={t.new} up={[t.title, href('/realms')]} lead={t.lead}>
      <Form form={form} action={t.create} needs="bondy.realm.create" cancel={href('/realms')}>
        <RealmFields form={form} />
      </Form>
    </Page>
  );
}
