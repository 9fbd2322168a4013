// Making a group.
import { ask } from '../api/client';
import type { Group } from '../api/types';
import { at, go, href } from '../app/router';
import { Form } from '../kit/form';
import { Page } from '../kit/page';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';
import { bodyOf, checkGroup, GroupFields, newGroup } from './group_form';

const t = text.groups;

export function GroupNew({ realm }: { realm: string }) {
  const list = at`/realms/${realm}/groups`;
  const form = useForm({
    initial: newGroup,
    check: checkGroup,
    submit: async (values) => {
      const body = { name: values.name, ...bodyOf(values) };
      const { value } = await ask<Group>(list, { method: 'POST', body });
      toast(t.created(value.name));
      go(at`/realms/${realm}/groups/${value.name}`);
    },
  });
  return (
    <Page title={t.new} up={[t.title, href(list)]} lead={t.lead}>
      <Form form={form} action={t.create} needs="bondy.group.add" cancel={href(list)}>
        <GroupFields form={form} realm={realm} />
      </Form>
    </Page>
  );
}
