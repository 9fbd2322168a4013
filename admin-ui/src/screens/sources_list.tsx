// Who may come in by which method from which addresses.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { may } from '../api/session';
import type { Source } from '../api/types';
import { at } from '../app/router';
import { Button } from '../kit/button';
import { confirmByTyping } from '../kit/confirm';
import { Empty } from '../kit/empty';
import { List } from '../kit/list';
import { Page } from '../kit/page';
import { useShortcut } from '../kit/shortcuts';
import type { Column } from '../kit/table';
import { toast } from '../kit/toast';
import { text } from '../strings';
import { sourceColumns } from './source_columns';
import { addSource } from './source_dialog';

const t = text.sources;

export function SourcesList({ realm }: { realm: string }) {
  const [round, setRound] = useState(0);
  const again = () => setRound((n) => n + 1);
  const add = async () => {
    if (await addSource(realm)) again();
  };
  useShortcut(may('bondy.source.add') ? 'n' : '', t.new, () => void add());
  const remove = async ({ username, authmethod, cidr }: Source) => {
    const done = await confirmByTyping({
      title: t.deleteTitle,
      takes: <p>{t.deleteTakes(username, authmethod, cidr)}</p>,
      action: t.delete,
      act: () =>
        ask(at`/realms/${realm}/users/${username}/sources`, {
          method: 'DELETE',
          query: { cidr, authmethod },
        }),
    });
    if (!done) return;
    toast(t.deleted);
    again();
  };
  const columns: readonly Column<Source>[] = [
    ...sourceColumns,
    {
      title: t.actions,
      cell: (source) => (
        <Button needs="bondy.source.delete" onClick={() => void remove(source)}>
          {t.deleteDots}
          <span class="sr-only">
            {' '}
            {source.username} {source.authmethod} {source.cidr}
          </span>
        </Button>
      ),
      width: '8rem',
    },
  ];
  const button = (
    <Button kind="primary" icon="plus" needs="bondy.source.add" onClick={() => void add()}>
      {t.new}
    </Button>
  );
  return (
    <Page title={t.title} lead={t.lead} actions={button}>
      <List
        key={round}
        label={t.title}
        path={at`/realms/${realm}/sources`}
        columns={columns}
        rowKey={(row) => `${row.authmethod} ${row.cidr} ${row.username}`}
        empty={
          <Empty title={t.empty} action={button}>
            <p>{t.emptyBody}</p>
          </Empty>
        }
      />
    </Page>
  );
}
