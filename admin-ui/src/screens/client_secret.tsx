// A client's secrets: said once when one is made, listed by when they end, and rotated, the present
// ones going on for a while.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { at } from '../app/router';
import { Badge } from '../kit/badge';
import { Button } from '../kit/button';
import { Dialog, openDialog } from '../kit/dialog';
import { Empty } from '../kit/empty';
import { Select } from '../kit/inputs';
import { ProblemPanel } from '../kit/problem_panel';
import { showSecret } from '../kit/secret';
import { Table, type Column } from '../kit/table';
import { Time } from '../kit/time';
import { text } from '../strings';
import type { Client, ClientSecret } from './client_data';

const t = text.clients;
const ROTATE = 'bondy.oauth2.client.rotate_secret';
const HOUR = 3600;
const OVERLAPS = [0, HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR] as const;

export function sayClientSecret(id: string, secret: string): Promise<void> {
  return showSecret({ title: t.secretTitle(id), body: t.secretBody, secret });
}

interface SecretsProps {
  realm: string;
  client: Client;
  again: () => void;
}

export function ClientSecrets({ realm, client, again }: SecretsProps) {
  const { client_id: id, secrets, has_secret: has } = client;
  if (client.type === 'public' || client.token_endpoint_auth_method === 'private_key_jwt')
    return (
      <Empty title={t.secretsNone}>
        <p>{client.type === 'public' ? t.secretsPublic : t.secretsSigned}</p>
      </Empty>
    );
  const rotate = async () => {
    const made = await openDialog<string | undefined>((close) => (
      <Rotate realm={realm} id={id} close={close} />
    ));
    if (made === undefined) return;
    await sayClientSecret(id, made);
    again();
  };
  return (
    <>
      <div class="toolbar">
        <p class="muted">{t.secretsLead}</p>
        <span class="space" />
        <Button needs={ROTATE} onClick={() => void rotate()}>
          {t.rotateDots}
        </Button>
      </div>
      {secrets.length > 0 ? (
        <Table label={t.secrets} columns={columns} rows={newestFirst(secrets)} rowKey={(row) => row.id} />
      ) : (
        <p>{has ? t.secretsOwn : t.secretsNone}</p>
      )}
    </>
  );
}

function newestFirst(secrets: readonly ClientSecret[]): ClientSecret[] {
  return [...secrets].sort((a, b) => (b.expires ?? Infinity) - (a.expires ?? Infinity) || b.created - a.created);
}

const columns: readonly Column<ClientSecret>[] = [
  { title: t.secretId, cell: ({ id }) => id, mono: true, width: '30%' },
  {
    title: t.state,
    cell: ({ expires }) =>
      expires === undefined ? (
        <Badge tone="good">{t.secretCurrent}</Badge>
      ) : (
        <Badge tone="warn">{t.secretEnding}</Badge>
      ),
    width: '8rem',
  },
  { title: t.secretMade, cell: ({ created }) => <Time ms={created * 1000} /> },
  {
    title: t.secretEnds,
    cell: ({ expires }) => (expires === undefined ? t.secretNever : <Time ms={expires * 1000} />),
  },
];

interface RotateProps {
  realm: string;
  id: string;
  close: (secret: string | undefined) => void;
}

function Rotate({ realm, id, close }: RotateProps) {
  const [overlap, setOverlap] = useState('86400');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Error>();
  const seconds = Number(overlap);
  const act = async () => {
    setBusy(true);
    try {
      const { value } = await ask<Client>(at`/realms/${realm}/clients/${id}/rotate_secret`, {
        method: 'POST',
        body: { overlap_secs: seconds },
      });
      close(value.client_secret);
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t.rotateTitle(id)}
      onClose={() => close(undefined)}
      footer={
        <>
          <Button onClick={() => close(undefined)}>{text.cancel}</Button>
          <Button
            kind={seconds === 0 ? 'danger' : 'primary'}
            needs={ROTATE}
            busy={busy}
            onClick={() => void act()}
          >
            {t.rotate}
          </Button>
        </>
      }
    >
      <p>{t.rotateBody}</p>
      <ProblemPanel problem={problem} />
      <Select
        id="rotate-overlap"
        value={overlap}
        set={setOverlap}
        blur={() => undefined}
        error={undefined}
        label={t.overlap}
        options={OVERLAPS.map((value) => ({ value: String(value), label: t.overlaps(value) }))}
      />
      {seconds === 0 ? (
        <p class="notice bad">{t.rotateNow}</p>
      ) : (
        <p>
          {t.rotateUntil} <Time ms={Date.now() + seconds * 1000} />.
        </p>
      )}
    </Dialog>
  );
}
