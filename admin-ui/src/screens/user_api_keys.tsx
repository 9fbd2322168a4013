// A user's API keys: made, said once, and taken back.
import { ask } from '../api/client';
import type { ApiKey } from '../api/types';
import { useAsk } from '../api/use_ask';
import { at } from '../app/router';
import { Badge } from '../kit/badge';
import { Button } from '../kit/button';
import { confirmByTyping } from '../kit/confirm';
import { openDialog } from '../kit/dialog';
import { FormDialog } from '../kit/form_dialog';
import { Select, TextInput } from '../kit/inputs';
import { Loaded } from '../kit/loaded';
import { showSecret } from '../kit/secret';
import { Table, type Column } from '../kit/table';
import { Time } from '../kit/time';
import { toast } from '../kit/toast';
import { useForm } from '../kit/use_form';
import { text } from '../strings';

const t = text.apiKeys;
const DAY_S = 24 * 60 * 60;
const NAME_MAX = 128;

interface Props {
  realm: string;
  username: string;
}

function End({ at: seconds }: { at: number | null }) {
  if (seconds === null) return <span class="muted">{t.never}</span>;
  return (
    <>
      <Time ms={seconds * 1000} />
      {seconds * 1000 < Date.now() && (
        <>
          {' '}
          <Badge tone="bad">{t.ended}</Badge>
        </>
      )}
    </>
  );
}

export function UserApiKeys({ realm, username }: Props) {
  const path = at`/realms/${realm}/users/${username}/api_keys`;
  const asked = useAsk<ApiKey[]>(path);
  const add = async () => {
    const made = await openDialog<ApiKey | undefined>((close) => <Add path={path} close={close} />);
    if (!made) return;
    await showSecret({ title: t.madeTitle, body: t.madeBody, secret: made.key ?? '' });
    asked.again();
  };
  const remove = async (key: ApiKey) => {
    const done = await confirmByTyping({
      title: t.deleteTitle(key.name || key.prefix),
      takes: <p>{t.deleteTakes}</p>,
      action: t.delete,
      act: () => ask(`${path}${at`/${key.id}`}`, { method: 'DELETE' }),
    });
    if (!done) return;
    toast(t.deleted);
    asked.again();
  };
  const columns: readonly Column<ApiKey>[] = [
    { title: t.name, cell: (key) => key.name || <span class="muted">{t.noName}</span> },
    { title: t.begins, cell: (key) => `${key.prefix}_…`, mono: true },
    { title: t.created, cell: (key) => <Time ms={key.created * 1000} />, width: '12rem' },
    { title: t.ends, cell: (key) => <End at={key.expires_at} />, width: '14rem' },
    {
      title: t.actions,
      cell: (key) => (
        <Button needs="bondy.api_key.delete" onClick={() => void remove(key)}>
          {t.deleteDots}
          <span class="sr-only"> {key.prefix}</span>
        </Button>
      ),
      width: '8rem',
    },
  ];
  return (
    <section class="panel">
      <header>
        <h2>{t.title}</h2>
        <Button icon="plus" needs="bondy.api_key.add" onClick={() => void add()}>
          {t.new}
        </Button>
      </header>
      <Loaded asked={asked}>
        {(keys) =>
          keys.length === 0 ? (
            <p class="muted">{t.none}</p>
          ) : (
            <Table label={t.title} columns={columns} rows={keys} rowKey={(key) => key.id} />
          )
        }
      </Loaded>
    </section>
  );
}

function Add({ path, close }: { path: string; close: (made: ApiKey | undefined) => void }) {
  const form = useForm({
    initial: { name: '', expires_at: '90' },
    check: ({ name }) => (new TextEncoder().encode(name).length > NAME_MAX ? { name: t.nameLong } : {}),
    submit: async ({ name, expires_at: days }) => {
      const end = Math.floor(Date.now() / 1000) + Number(days) * DAY_S;
      const body = { name: name.trim(), ...(days && { expires_at: end }) };
      const { value } = await ask<ApiKey>(path, { method: 'POST', body });
      close(value);
    },
  });
  return (
    <FormDialog
      title={t.new}
      form={form}
      action={t.create}
      needs="bondy.api_key.add"
      onClose={() => close(undefined)}
    >
      <TextInput {...form.bind('name')} label={t.name} hint={t.nameHint} />
      <Select
        {...form.bind('expires_at')}
        label={t.ends}
        options={['7', '30', '90', '365', ''].map((value) => ({
          value,
          label: value ? t.inDays(Number(value)) : t.never,
        }))}
      />
    </FormDialog>
  );
}
