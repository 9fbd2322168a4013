// A token for a client, by client_credentials: asked for through the node's own gateway, so that
// neither secret nor token leaves this origin. What is typed here is kept nowhere.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { Problem } from '../api/problem';
import type { Realm, Tried } from '../api/types';
import { useAsk } from '../api/use_ask';
import { at, href } from '../app/router';
import { Button } from '../kit/button';
import { Empty } from '../kit/empty';
import { TextInput } from '../kit/inputs';
import { ProblemPanel } from '../kit/problem_panel';
import { bare } from '../kit/use_form';
import { text } from '../strings';
import { proofOf, type Client } from './client_data';
import { jsonOf, pathOf, TRY } from './client_issuer';
import { requestOf, type Credentials, type Token } from './token_request';
import { TokenShown } from './token_shown';

const t = text.tokens;

export interface TokenTakeProps {
  realm: string;
  client: Client;
}

export function TokenTake({ realm, client }: TokenTakeProps) {
  const why = whyNot(client);
  if (why)
    return (
      <Empty title={t.none}>
        <p>{why}</p>
      </Empty>
    );
  return <Taking realm={realm} client={client} />;
}

function whyNot(client: Client): string | undefined {
  if (client.type === 'public') return t.isPublic;
  if (!client.grant_types.includes('client_credentials')) return t.noGrant;
  return proofOf(client) === 'private_key_jwt' ? t.signs : undefined;
}

function Taking({ realm, client }: TokenTakeProps) {
  const { client_id: id, enabled } = client;
  const [secret, setSecret] = useState('');
  const [scope, setScope] = useState('');
  const [taken, setTaken] = useState<{ token: Token; by: Credentials }>();
  const [problem, setProblem] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const take = async () => {
    if (busy || !secret) return;
    setBusy(true);
    setProblem(undefined);
    const by: Credentials = { id, secret, proof: proofOf(client) };
    try {
      const { value } = await ask<Tried>('/try', {
        method: 'POST',
        body: requestOf(pathOf(realm, 'oauth/token'), by, {
          grant_type: 'client_credentials',
          ...(scope.trim() && { scope: scope.trim() }),
        }),
      });
      setTaken({ token: jsonOf(value) as unknown as Token, by });
    } catch (error) {
      setTaken(undefined);
      setProblem(error instanceof Error ? error : new Error(String(error)));
    }
    setBusy(false);
  };
  return (
    <div class="try">
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void take();
        }}
      >
        <Refused realm={realm} />
        <p class="muted">{t.lead}</p>
        <TextInput
          {...bare('token-secret', secret, setSecret)}
          label={t.secret}
          hint={t.secretHint}
          type="password"
          required
          mono
        />
        <TextInput {...bare('token-scope', scope, setScope)} label={t.scope} hint={t.scopeHint} mono />
        <footer class="form-footer">
          <Button
            kind="primary"
            submit
            needs={TRY}
            busy={busy}
            off={enabled ? (secret ? undefined : t.secretFirst) : t.isDisabled}
          >
            {t.take}
          </Button>
        </footer>
      </form>
      <section aria-label={t.title}>
        <ProblemPanel problem={problem} />
        {problem instanceof Problem && problem.code === 'invalid_client' && (
          <p class="pad">
            {t.unknownClient} <a href={href(at`/realms/${realm}/sources`)}>{text.sources.title}</a>
          </p>
        )}
        {taken ? (
          <TokenShown key={taken.token.access_token} realm={realm} {...taken} />
        ) : (
          !problem && <p class="muted">{t.nothingYet}</p>
        )}
      </section>
    </div>
  );
}

/** A realm gives tokens that no door of it takes, until somebody opens one. */
function Refused({ realm }: { realm: string }) {
  const { value } = useAsk<Realm>(at`/realms/${realm}`);
  // A realm that names no methods has the usual ones, and this is among them.
  if (!value?.authmethods || value.authmethods.includes('oauth2')) return null;
  return (
    <p class="notice warn">
      {t.noMethod} <a href={href(at`/realms/${realm}`)}>{t.noMethodWhere}</a>
    </p>
  );
}
