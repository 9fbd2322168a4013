// The keys that sign a realm's tokens and tickets, in the order of their lives; where their public
// halves are; and a new one, in time or at once.
import { useEffect, useState } from 'preact/hooks';
import { may } from '../api/session';
import { useAsk } from '../api/use_ask';
import { at } from '../app/router';
import { Badge, type Tone } from '../kit/badge';
import { Button } from '../kit/button';
import { Copy } from '../kit/copy';
import { Loaded } from '../kit/loaded';
import { Page } from '../kit/page';
import { Time } from '../kit/time';
import { text } from '../strings';
import { TRY, useIssuer } from './client_issuer';
import { agedAt, jwksOf, type Aged, type Key, type Phase } from './key_data';
import { replaceKeys, rotateKeys } from './key_rotate';

const t = text.signingKeys;
const ROTATE = 'bondy.key.rotate';
const TONES: Record<Phase, Tone> = {
  next: 'accent',
  signing: 'good',
  verifying: 'warn',
  retired: 'neutral',
};

export function Keys({ realm }: { realm: string }) {
  const asked = useAsk<Key[]>(`${at`/realms/${realm}/keys`}?limit=1000`);
  const act = (what: (realm: string) => Promise<boolean>) => () =>
    void what(realm).then((done) => done && asked.again());
  return (
    <Page
      title={t.title}
      lead={t.lead}
      actions={
        <>
          <Button kind="primary" needs={ROTATE} onClick={act(rotateKeys)}>
            {t.rotateDots}
          </Button>
          <Button kind="danger" needs={ROTATE} onClick={act(replaceKeys)}>
            {t.emergencyDots}
          </Button>
        </>
      }
    >
      <Loaded asked={asked}>{(keys) => <Timeline realm={realm} keys={keys} />}</Loaded>
    </Page>
  );
}

/** Looks at the clock again now and then: keys change their phase while one looks. */
function useTick(): void {
  const [, setTicks] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTicks((n) => n + 1), 5000);
    return () => clearInterval(timer);
  }, []);
}

function Timeline({ realm, keys }: { realm: string; keys: readonly Key[] }) {
  useTick();
  const aged = agedAt(keys, Date.now() / 1000);
  const next = aged.filter(({ phase }) => phase === 'next').at(-1)?.of.activated;
  return (
    <>
      <ol class="timeline" aria-label={t.title}>
        {aged.map(({ of, phase }) => (
          <li key={of.kid} class={phase}>
            <div class="badges">
              <Badge tone={TONES[phase]}>{t.phases[phase]}</Badge> <strong>{of.alg}</strong>
            </div>
            <p>
              <When of={of} phase={phase} next={next} />
            </p>
            <div class="address">
              <span class="mono muted">{of.kid}</span>
              <Copy value={of.kid} />
            </div>
          </li>
        ))}
      </ol>
      <Published realm={realm} jwks={jwksOf(aged)} />
    </>
  );
}

/** `next`: when the coming key begins. */
function When({ of, phase, next }: Aged & { next: number | undefined }) {
  const since = <Time ms={of.activated * 1000} />;
  const until = of.retired !== undefined && <Time ms={of.retired * 1000} />;
  if (phase === 'next') return <>{t.signsFrom} {since}</>;
  if (phase === 'signing')
    return (
      <>
        {t.signsSince} {since}
        {next !== undefined && <>, {t.signsUntil} <Time ms={next * 1000} /></>}
      </>
    );
  if (phase === 'verifying')
    return (
      <>
        {t.signedFrom} {since}
        {until && <>, {t.verifiesUntil} {until}</>}
      </>
    );
  // One that was announced, and replaced before its time came.
  const unused = of.retired !== undefined && of.retired <= of.activated;
  return (
    <>
      {unused ? t.neverSigned : <>{t.signedFrom} {since}</>}
      {until && <>, {t.retiredOn} {until}</>}
    </>
  );
}

function Published({ realm, jwks }: { realm: string; jwks: string }) {
  const { value: issuer, problem } = useIssuer(realm);
  return (
    <section class="recipes" aria-label={t.jwks}>
      <section>
        <header>
          <h2>{t.jwks}</h2>
          <Copy value={jwks}>{t.jwksCopy}</Copy>
        </header>
        <p class="muted">{t.jwksBody}</p>
        {issuer && (
          <div class="address">
            <a class="mono" href={safe(issuer.jwks_uri)} target="_blank" rel="noreferrer">
              {issuer.jwks_uri}
            </a>
            <Copy value={issuer.jwks_uri} />
          </div>
        )}
        {problem && <p class="muted">{may(TRY) ? problem.message : t.jwksUnknown(TRY)}</p>}
        <details>
          <summary>{t.jwksShow}</summary>
          <pre tabIndex={0}>{jwks}</pre>
        </details>
      </section>
    </section>
  );
}

/** Only what a browser fetches is a link. */
function safe(address: string): string | undefined {
  return /^https?:\/\//.test(address) ? address : undefined;
}
