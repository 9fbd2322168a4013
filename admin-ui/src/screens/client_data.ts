// OAuth2 clients as the server has them, as a form has them, and what of the one makes the other.
import type { Errors } from '../kit/use_form';
import { text } from '../strings';

const t = text.clients;

export const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
export const GRANTS = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  DEVICE,
  'password',
] as const;

export interface Client {
  client_id: string;
  name?: string;
  type: 'confidential' | 'public';
  grant_types: string[];
  redirect_uris?: string[];
  post_logout_redirect_uris?: string[];
  origins?: string[];
  scopes?: string[];
  token_endpoint_auth_method?: string;
  jwks?: unknown;
  consent?: boolean;
  groups: string[];
  enabled: boolean;
  has_secret: boolean;
  /** Those that the server has made; a word of one's own is not among them. */
  secrets: ClientSecret[];
  /** In the answer that made it. */
  client_secret?: string;
}

export interface ClientSecret {
  id: string;
  /** Seconds since 1970, as is the end. */
  created: number;
  expires?: number;
}

/** How a client proves itself: its type and its method at the token endpoint, in one choice. */
export const PROOFS = [
  'secret',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'public',
] as const;
export type Proof = (typeof PROOFS)[number];

export interface ClientValues {
  client_id: string;
  name: string;
  proof: string;
  grant_types: string[];
  redirect_uris: string;
  post_logout_redirect_uris: string;
  origins: string;
  /** Whether `scopes` bound it; else it may ask for all groups of its user. */
  bounded: boolean;
  scopes: string[];
  groups: string[];
  consent: boolean;
  jwks: string;
}

export const blankClient: ClientValues = {
  client_id: '',
  name: '',
  proof: 'secret',
  grant_types: [],
  redirect_uris: '',
  post_logout_redirect_uris: '',
  origins: '',
  bounded: false,
  scopes: [],
  groups: [],
  consent: true,
  jwks: '',
};

/** Each client is in this group; a form neither shows nor changes that. */
const GROUP = 'api_clients';

export function proofOf(client: Client): string {
  if (client.type === 'public') return 'public';
  return client.token_endpoint_auth_method ?? 'secret';
}

const lines = (list: readonly string[] | undefined) => (list ?? []).join('\n');
const words = (value: string) => value.split(/\s+/).filter(Boolean);

export function valuesOf(client: Client): ClientValues {
  return {
    client_id: client.client_id,
    name: client.name ?? '',
    proof: proofOf(client),
    grant_types: client.grant_types,
    redirect_uris: lines(client.redirect_uris),
    post_logout_redirect_uris: lines(client.post_logout_redirect_uris),
    origins: lines(client.origins),
    bounded: client.scopes !== undefined,
    scopes: client.scopes ?? [],
    groups: client.groups.filter((name) => name !== GROUP),
    consent: client.consent ?? true,
    jwks: client.jwks === undefined ? '' : JSON.stringify(client.jwks, null, 2),
  };
}

type Body = Record<string, unknown>;

/** The members that changed fields are sent as; null takes one away. */
export function bodyOf(changed: Partial<ClientValues>, all: ClientValues): Body {
  const body: Body = {};
  const list = (value: string) => (words(value).length > 0 ? words(value) : null);
  if (changed.client_id) body['client_id'] = changed.client_id.trim();
  if (changed.name !== undefined) body['name'] = changed.name.trim() || null;
  if (changed.proof !== undefined) {
    const method = changed.proof === 'secret' || changed.proof === 'public' ? null : changed.proof;
    body['type'] = changed.proof === 'public' ? 'public' : 'confidential';
    body['token_endpoint_auth_method'] = method;
    if (method !== 'private_key_jwt') body['jwks'] = null;
  }
  if (changed.jwks !== undefined && all.proof === 'private_key_jwt')
    body['jwks'] = changed.jwks.trim() ? (JSON.parse(changed.jwks) as unknown) : null;
  for (const name of ['redirect_uris', 'post_logout_redirect_uris', 'origins'] as const)
    if (changed[name] !== undefined) body[name] = list(changed[name]);
  if (changed.grant_types) body['grant_types'] = changed.grant_types;
  if (changed.bounded !== undefined || changed.scopes) body['scopes'] = all.bounded ? all.scopes : null;
  if (changed.groups) body['groups'] = changed.groups;
  if (changed.consent !== undefined) body['consent'] = changed.consent;
  return body;
}

/** What the server calls the fields that are not called so here. */
export const KEYS: Record<string, keyof ClientValues> = {
  username: 'client_id',
  type: 'proof',
  token_endpoint_auth_method: 'proof',
};

export function checkClient(values: ClientValues): Errors<ClientValues> {
  const errors: Errors<ClientValues> = {};
  const has = (grant: string) => values.grant_types.includes(grant);
  if (values.grant_types.length === 0) errors.grant_types = t.grantsNone;
  if (has('client_credentials') && values.proof === 'public') errors.grant_types = t.grantsPublic;
  if (has('authorization_code') && words(values.redirect_uris).length === 0)
    errors.redirect_uris = t.redirectNone;
  if (values.proof === 'private_key_jwt' && !isJson(values.jwks)) errors.jwks = t.jwksWrong;
  return errors;
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

export type Purpose = 'web' | 'app' | 'service' | 'device';

/** What each purpose fills a new client's form with. */
export const PURPOSES: Record<Purpose, Partial<ClientValues>> = {
  web: { proof: 'secret', grant_types: ['authorization_code', 'refresh_token'] },
  app: { proof: 'public', grant_types: ['authorization_code', 'refresh_token'] },
  service: { proof: 'secret', grant_types: ['client_credentials'] },
  device: { proof: 'public', grant_types: [DEVICE, 'refresh_token'] },
};
