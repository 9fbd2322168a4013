// One group: who is in it, what is nested in it, what it may; and deleting it.
import { ask } from '../api/client';
import { save } from '../api/save';
import type { Grant, Group } from '../api/types';
import { useAsk, type Asked } from '../api/use_ask';
import { at, href, leave } from '../app/router';
import { Button } from '../kit/button';
import { confirmByTyping } from '../kit/confirm';
import { Form } from '../kit/form';
import { Loaded } from '../kit/loaded';
import { Page } from '../kit/page';
import { Tabs } from '../kit/tabs';
import { toast } from '../kit/toast';
import { useObjectForm } from '../kit/use_object_form';
import { text } from '../strings';
import { GrantTable } from './grant_table';
import { bodyOf, checkGroup, GroupFields, valuesOf, type GroupValues } from './group_form';
import { GroupMembers } from './group_members';
import { GroupTakes } from './group_takes';

const t = text.groups;
const BUILT_IN = ['api_clients', 'resource_owners'];
const MASTER = 'com.leapsight.bondy';

function keptBy(realm: string, name: string): string | undefined {
  const kept = BUILT_IN.includes(name) || (realm === MASTER && name === 'bondy.administrators');
  return kept ? t.builtIn : undefined;
}

export function GroupEdit({ realm, name }: { realm: string; name: string }) {
  const path = at`/realms/${realm}/groups/${name}`;
  const list = at`/realms/${realm}/groups`;
  const asked = useAsk<Group>(path);
  const remove = async () => {
    const done = await confirmByTyping({
      title: t.deleteTitle(name),
      name,
      takes: <GroupTakes realm={realm} name={name} />,
      action: t.delete,
      act: () => ask(path, { method: 'DELETE' }),
    });
    if (!done) return;
    toast(t.deleted(name));
    leave(list);
  };
  return (
    <Page
      title={name}
      up={[t.title, href(list)]}
      actions={
        <Button
          kind="danger"
          needs="bondy.group.delete"
          off={keptBy(realm, name)}
          onClick={() => void remove()}
        >
          {t.delete}
        </Button>
      }
    >
      <Loaded asked={asked}>
        {(group) => (
          <Tabs
            label={t.tabs}
            tabs={[
              { key: 'members', title: t.members, render: () => <GroupMembers {...{ realm, name }} /> },
              {
                key: 'general',
                title: t.general,
                keep: true,
                render: () => <Edit {...{ realm, group, asked }} />,
              },
              { key: 'rights', title: t.rights, render: () => <Rights {...{ realm, name }} /> },
            ]}
          />
        )}
      </Loaded>
    </Page>
  );
}

interface EditProps {
  realm: string;
  group: Group;
  asked: Asked<Group>;
}

function Edit({ realm, group, asked }: EditProps) {
  const form = useObjectForm<Group, GroupValues>({
    object: group,
    etag: asked.etag,
    valuesOf,
    check: checkGroup,
    save: (values, { values: before, etag }) =>
      save<Group, Record<string, unknown>>({
        path: at`/realms/${realm}/groups/${group.name}`,
        before: bodyOf(before),
        mine: bodyOf(values),
        etag,
        valuesOf: (theirs) => bodyOf(valuesOf(theirs as Group)),
      }),
    saved: (answer) => {
      if (answer !== 'theirs') toast(text.users.saved);
      asked.again();
    },
  });
  return (
    <Form form={form} action={text.users.save} needs="bondy.group.update">
      <GroupFields form={form} realm={realm} fixed />
    </Form>
  );
}

function Rights({ realm, name }: { realm: string; name: string }) {
  const asked = useAsk<Grant[]>(at`/realms/${realm}/groups/${name}/grants`);
  return (
    <Loaded asked={asked}>
      {(rows) =>
        rows.length === 0 ? (
          <p class="muted">{text.users.grantsNone}</p>
        ) : (
          <GrantTable label={t.rights} rows={rows} by="role" realm={realm} />
        )
      }
    </Loaded>
  );
}
