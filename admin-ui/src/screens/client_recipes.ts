// How a client gets a token in each of its flows, in commands for a terminal. Secrets are not in
// them: they are taken from variables of the shell.
import { text } from '../strings';
import { DEVICE, proofOf, type Client } from './client_data';
import type { Issuer } from './client_issuer';

const t = text.clients.recipes;

export interface Recipe {
  title: string;
  body: string;
  commands: string;
}

/** One word for a shell, whatever is in it. */
export function quoted(value: string): string {
  return /^[A-Za-z0-9_./:=@%-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

const form = (name: string, value: string) => `-d ${name}=${quoted(encodeURIComponent(value))}`;

/** What proves the client at the token endpoint. */
function proof(client: Client): string {
  const { client_id: id } = client;
  switch (proofOf(client)) {
    case 'public':
      return form('client_id', id);
    case 'private_key_jwt':
      return [
        '-d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        '-d client_assertion="$CLIENT_ASSERTION"',
      ].join(' \\\n  ');
    case 'client_secret_post':
      return `${form('client_id', id)} --data-urlencode "client_secret=$CLIENT_SECRET"`;
    default:
      return `-u ${quoted(`${encodeURIComponent(id)}:`)}"$CLIENT_SECRET"`;
  }
}

const curl = (url: string, ...parts: string[]) =>
  [`curl -sS ${quoted(url)}`, ...parts.filter(Boolean)].join(' \\\n  ');

function code(client: Client, issuer: Issuer): string {
  const redirect = client.redirect_uris?.[0] ?? '';
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirect,
    scope: ['openid', ...(client.scopes ?? []).filter((word) => word !== 'openid')].join(' '),
    state: 'xyz',
    code_challenge_method: 'S256',
  });
  return [
    `VERIFIER=$(openssl rand -base64 48 | tr '+/' '-_' | tr -d '\\n')`,
    `CHALLENGE=$(printf %s "$VERIFIER" | openssl sha256 -binary | openssl base64 | tr '+/' '-_' | tr -d '=')`,
    `# ${t.openThis}`,
    `echo ${quoted(`${issuer.authorization_endpoint}?${query.toString()}&code_challenge=`)}"$CHALLENGE"`,
    `# ${t.comesBack}`,
    'CODE=',
    curl(
      issuer.token_endpoint,
      proof(client),
      '-d grant_type=authorization_code -d code="$CODE" -d code_verifier="$VERIFIER"',
      form('redirect_uri', redirect),
    ),
  ].join('\n');
}

function device(client: Client, issuer: Issuer): string {
  return [
    curl(issuer.device_authorization_endpoint, proof(client), scopeOf(client)),
    `# ${t.deviceThen}`,
    'DEVICE_CODE=',
    curl(issuer.token_endpoint, proof(client), `-d grant_type=${DEVICE} -d device_code="$DEVICE_CODE"`),
  ].join('\n');
}

function scopeOf(client: Client): string {
  return client.scopes?.length ? form('scope', client.scopes.join(' ')) : '';
}

const MADE: Record<string, (client: Client, issuer: Issuer) => string> = {
  client_credentials: (client, issuer) =>
    curl(issuer.token_endpoint, proof(client), '-d grant_type=client_credentials', scopeOf(client)),
  authorization_code: code,
  [DEVICE]: device,
  password: (client, issuer) =>
    curl(
      issuer.token_endpoint,
      proof(client),
      '-d grant_type=password --data-urlencode "username=$NAME" --data-urlencode "password=$PASSWORD"',
      scopeOf(client),
    ),
  refresh_token: (client, issuer) =>
    curl(
      issuer.token_endpoint,
      proof(client),
      '-d grant_type=refresh_token -d refresh_token="$REFRESH_TOKEN"',
    ),
};

export function recipesOf(client: Client, issuer: Issuer): Recipe[] {
  const recipes: Recipe[] = [];
  for (const [grant, make] of Object.entries(MADE)) {
    if (!client.grant_types.includes(grant)) continue;
    const { title, body } = t.grants[grant] ?? { title: grant, body: '' };
    recipes.push({ title, body, commands: make(client, issuer) });
  }
  return [
    ...recipes,
    { ...t.revoke, commands: curl(issuer.revocation_endpoint, proof(client), '-d token="$TOKEN"') },
  ];
}
