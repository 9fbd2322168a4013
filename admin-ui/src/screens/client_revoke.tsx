// Ending the tokens that a client has: those that it took for itself, or those of one person.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { at } from '../app/router';
import { Button } from '../kit/button';
import { Dialog, openDialog } from '../kit/dialog';
import { Picker } from '../kit/picker';
import { ProblemPanel } from '../kit/problem_panel';
import { toast } from '../kit/toast';
import { text } from '../strings';
import type { Client } from './client_data';
import { findUsers } from './user_find';

const t = text.clients;

export function endTokens(realm: string, client: Client): Promise<void> {
  return openDialog<void>((close) => <EndTokens realm={realm} client={client} close={close} />);
}

interface EndTokensProps {
  realm: string;
  client: Client;
  close: () => void;
}

function EndTokens({ realm, client, close }: EndTokensProps) {
  const { client_id: id } = client;
  const [own, setOwn] = useState(client.grant_types.includes('client_credentials'));
  const [person, setPerson] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Error>();
  const whose = own ? id : person[0];
  const act = async () => {
    if (!whose) return;
    setBusy(true);
    try {
      await ask(at`/realms/${realm}/users/${whose}/tokens`, {
        method: 'DELETE',
        query: { client_id: id },
      });
      toast(own ? t.endedOwn(id) : t.endedOf(whose, id));
      close();
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t.endTitle(id)}
      onClose={close}
      footer={
        <>
          <Button onClick={close}>{text.cancel}</Button>
          <Button
            kind="danger"
            needs="bondy.oauth2.token.revoke_all"
            busy={busy}
            off={whose ? undefined : t.endFirst}
            onClick={() => void act()}
          >
            {t.end}
          </Button>
        </>
      }
    >
      <p>{t.endBody}</p>
      <ProblemPanel problem={problem} />
      <fieldset class="checks">
        <legend>{t.endWhose}</legend>
        {[true, false].map((value) => (
          <label key={String(value)} class="radio">
            <input
              type="radio"
              name="end-whose"
              checked={own === value}
              onChange={() => setOwn(value)}
            />
            {value ? t.endOwn : t.endPerson}
          </label>
        ))}
      </fieldset>
      {!own && (
        <Picker
          id="end-person"
          value={person}
          set={setPerson}
          blur={() => undefined}
          error={undefined}
          label={t.endUser}
          find={findUsers(realm)}
          single
          free
        />
      )}
      <p class="hint">{t.endAll}</p>
    </Dialog>
  );
}
