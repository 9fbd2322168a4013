// A token that was taken: how long it is good, what it says, and what one can do with it.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { Problem } from '../api/problem';
import type { SpecInfo, Tried } from '../api/types';
import { useAsk } from '../api/use_ask';
import { at, go } from '../app/router';
import { Badge } from '../kit/badge';
import { Button } from '../kit/button';
import { Copy } from '../kit/copy';
import { Facts } from '../kit/facts';
import { Select } from '../kit/inputs';
import { ProblemPanel } from '../kit/problem_panel';
import { Time } from '../kit/time';
import { text } from '../strings';
import { pathOf, TRY } from './client_issuer';
import { forgetToken, handToken } from './token_handed';
import { claimsOf, requestOf, type Credentials, type Token } from './token_request';

const t = text.tokens;

export interface TokenShownProps {
  realm: string;
  token: Token;
  by: Credentials;
}

export function TokenShown({ realm, token, by }: TokenShownProps) {
  const claims = useMemo(() => claimsOf(token.access_token), [token]);
  const [revoked, setRevoked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Error>();
  const revoke = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const fields = { token: token.access_token, token_type_hint: 'access_token' };
      const body = requestOf(pathOf(realm, 'oauth/revoke'), by, fields);
      const { value } = await ask<Tried>('/try', { method: 'POST', body });
      if (value.status >= 300) throw new Problem(value.status, parsed(value.body), t.notRevoked);
      forgetToken(token.access_token);
      setRevoked(true);
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
    }
    setBusy(false);
  };
  const ends = typeof claims['exp'] === 'number' ? claims['exp'] * 1000 : undefined;
  return (
    <div class="answer">
      <div class="toolbar">
        <Left ends={ends} revoked={revoked} />
        <span class="space" />
        <Copy value={token.access_token}>{t.copy}</Copy>
        <Button
          kind="danger"
          needs={TRY}
          busy={busy}
          off={revoked ? t.isRevoked : undefined}
          onClick={() => void revoke()}
        >
          {t.revoke}
        </Button>
      </div>
      <ProblemPanel problem={problem} />
      <Facts
        facts={[
          [t.who, <span class="mono">{String(claims['sub'] ?? '')}</span>],
          [t.granted, said(claims['scope'] ?? token.scope)],
          [t.groups, said(claims['groups'])],
          [t.ends, ends === undefined ? t.unknown : <Time ms={ends} />],
        ]}
      />
      {!revoked && <HandOver realm={realm} token={token.access_token} />}
      <h2>{t.claims}</h2>
      <pre tabIndex={0}>{JSON.stringify(claims, null, 2)}</pre>
      <details>
        <summary>{t.raw}</summary>
        <pre tabIndex={0}>{token.access_token}</pre>
      </details>
    </div>
  );
}

function said(value: unknown): string {
  const words = Array.isArray(value) ? value.map(String).join(', ') : String(value ?? '');
  return words || t.nothing;
}

function parsed(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? '');
  } catch {
    return undefined;
  }
}

/** How long it is good, counted down. */
function Left({ ends, revoked }: { ends: number | undefined; revoked: boolean }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (revoked)
    return (
      <span role="status">
        <Badge tone="bad">{t.isRevoked}</Badge>
      </span>
    );
  if (ends === undefined) return <Badge>{t.unknown}</Badge>;
  const left = Math.max(0, Math.round((ends - now) / 1000));
  return left > 0 ? <Badge tone="good">{t.left(left)}</Badge> : <Badge tone="bad">{t.over}</Badge>;
}

/** Leads to Try it of an API of the realm, which then has the token. */
function HandOver({ realm, token }: { realm: string; token: string }) {
  const { value: apis, problem } = useAsk<SpecInfo[]>('/api_specs?summary=true&limit=1000');
  const [chosen, setChosen] = useState('');
  const its = apis?.filter((api) => api.realm_uri === realm) ?? [];
  const id = chosen || its[0]?.id;
  if (problem) return <p class="muted">{problem.message}</p>;
  if (apis && !id) return <p class="muted">{t.noApi}</p>;
  const use = () => {
    if (!id) return;
    handToken(id, token);
    go(at`/apis/${id}`, { tab: 'try' });
  };
  return (
    <div class="hand-over">
      <Select
        id="token-api"
        value={id ?? ''}
        set={setChosen}
        blur={() => undefined}
        error={undefined}
        label={t.api}
        options={its.map((api) => ({ value: api.id, label: api.name || api.id }))}
      />
      <Button kind="primary" needs="bondy.http_gateway.api.get" off={id ? undefined : text.loading} onClick={use}>
        {t.useIt}
      </Button>
    </div>
  );
}
