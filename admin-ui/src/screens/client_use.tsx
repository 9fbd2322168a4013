// How a client is used: where its issuer is, and commands for each of its flows.
import { Copy } from '../kit/copy';
import { Facts } from '../kit/facts';
import { ProblemPanel } from '../kit/problem_panel';
import { text } from '../strings';
import { proofOf, type Client } from './client_data';
import { useIssuer } from './client_issuer';
import { recipesOf } from './client_recipes';

const t = text.clients;

export function ClientUse({ realm, client }: { realm: string; client: Client }) {
  const { value: issuer, problem, again } = useIssuer(realm);
  if (problem) return <ProblemPanel problem={problem} again={again} />;
  if (!issuer) return <p class="muted">{text.loading}</p>;
  return (
    <div class="recipes">
      <Facts
        facts={[
          [t.issuer, <Address value={issuer.issuer} />],
          [t.tokenEndpoint, <Address value={issuer.token_endpoint} />],
        ]}
      />
      <p class="muted">{t.useLead[proofOf(client)] ?? t.useLead['secret']}</p>
      {recipesOf(client, issuer).map(({ title, body, commands }) => (
        <section key={title} aria-label={title}>
          <header>
            <h2>{title}</h2>
            <Copy value={commands}>{text.copy.copy}</Copy>
          </header>
          <p class="muted">{body}</p>
          <pre tabIndex={0}>{commands}</pre>
        </section>
      ))}
    </div>
  );
}

export function Address({ value }: { value: string }) {
  return (
    <span class="address">
      <span class="mono">{value}</span>
      <Copy value={value} />
    </span>
  );
}
