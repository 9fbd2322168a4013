// While nothing is published: how the first API is, in three steps with commands to copy.
import { useEffect } from 'preact/hooks';
import { may } from '../api/session';
import { useAsk } from '../api/use_ask';
import { urlOf } from '../api/client';
import { useGateway } from '../api/gateway';
import { href } from '../app/router';
import { Copy } from '../kit/copy';
import { LinkButton } from '../kit/link_button';
import { text } from '../strings';

const t = text.overview;
const LIST = 'bondy.http_gateway.api.list';
const LOAD = 'bondy.http_gateway.api.load';

/** `seq` grows with each change: then the specifications are looked for again. */
export function FirstApi({ seq }: { seq: number | undefined }) {
  const specs = useAsk<unknown[]>(may(LIST) ? '/api_specs?limit=1' : undefined);
  const none = specs.value?.length === 0;
  useEffect(() => {
    if (none) specs.again();
  }, [seq]);
  return none ? <Steps /> : null;
}

function Steps() {
  const commands = [
    realmCommand(urlOf('/realms').href),
    publishCommand(urlOf('/api_specs').href),
    `curl ${useGateway()}/first/hello`,
  ];
  return (
    <section class="empty first-api">
      <h2>{text.apis.empty}</h2>
      <ol>
        {t.firstSteps.map(({ title, body }, i) => (
          <li key={title}>
            <h3>{title}</h3>
            <p>{body}</p>
            {commands[i] && <Command value={commands[i]} />}
          </li>
        ))}
      </ol>
      <p class="muted">{t.firstThen}</p>
      <div class="actions">
        <LinkButton to={href('/new/api')} kind="primary" icon="plus" needs={LOAD}>
          {t.firstInstead}
        </LinkButton>
      </div>
    </section>
  );
}

function Command({ value }: { value: string }) {
  return (
    <div class="command">
      <pre>{value}</pre>
      <Copy value={value} />
    </div>
  );
}

function realmCommand(url: string): string {
  return `curl -u admin ${url} -H 'content-type: application/json' -d '{
  "uri": "com.example.first", "authmethods": ["anonymous"],
  "sources": [{"usernames": ["anonymous"], "authmethod": "anonymous", "cidr": "0.0.0.0/0"}],
  "grants": [{"roles": ["anonymous"], "permissions": ["wamp.call", "wamp.register"],
              "uri": "", "match": "prefix"}]}'`;
}

function publishCommand(url: string): string {
  return `curl -u admin ${url} \\
  -H 'content-type: application/yaml' --data-binary @- <<'END'
id: com.example.first
name: First
realm_uri: com.example.first
host: _
versions:
  1.0.0:
    base_path: /first
    paths:
      /hello:
        get:
          action: {type: static}
          response: {on_result: {body: {message: Hello}}}
END`;
}
