// What the admin API answers, as far as the screens use it.
export interface Realm {
  uri: string;
  description?: string;
  authmethods?: string[];
  security_status: 'enabled' | 'disabled';
  is_prototype?: boolean;
  is_sso_realm?: boolean;
  prototype_uri?: string | null;
  sso_realm_uri?: string | null;
  allow_connections?: boolean;
  public_keys?: unknown[];
}

export interface SpecInfo {
  id: string;
  name?: string;
  host?: string;
  realm_uri?: string;
  version: number;
  ts: number;
}

export interface NodeInfo {
  /** Where clients reach the gateway, if there is such a place. */
  gateway_url: string | null;
}

/** Of a list, without the specification itself. */
export interface SpecSummary extends SpecInfo {
  author: string;
  versions: { name: string; base_path: string | null; routes: number }[];
}

export interface Spec {
  id: string;
  name?: string;
  host?: string;
  realm_uri?: string;
  versions?: Record<string, SpecVersion>;
}

export interface SpecVersion {
  base_path?: string;
  is_active?: boolean;
  is_deprecated?: boolean;
  info?: { title?: string; description?: string };
  paths?: Record<string, Record<string, unknown>>;
}

export interface SpecChange {
  pointer: string;
  change: 'added' | 'removed' | 'changed';
  before?: unknown;
  after?: unknown;
}

export interface Published {
  id: string;
  version: number;
  changed: boolean;
  nodes: string[];
  /** Nodes that do not serve it yet. */
  pending?: string[];
  diff?: SpecChange[];
  warnings: { line?: number; column?: number; pointer?: string; detail: string }[];
}

export interface StoredVersion {
  version: number;
  ts: number;
  author: string;
  comment: string;
  deleted: boolean;
}

export interface Tried {
  status: number;
  headers: [string, string][];
  body?: string;
  /** Instead of `body` where it is no text. */
  body_base64?: string;
  ms: number;
  request_id: string | null;
  truncated: boolean;
}

export interface User {
  username: string;
  groups: string[];
  authorized_keys: string[];
  has_password: boolean;
  meta: Record<string, unknown>;
  enabled: boolean;
  aliases: string[];
  sso_realm_uri?: string;
}

export interface Group {
  name: string;
  groups: string[];
  meta: Record<string, unknown>;
}

export interface Grant {
  /** The URI "any" is everywhere. */
  resource: { uri: string; match: string };
  permissions: string[];
  /** One: "user/x", "group/x", "all" or "anonymous". */
  roles: string[];
}

export interface Explanation {
  allowed: boolean;
  realm: string;
  role: string | null;
  match: string | null;
  uri: string | null;
  text: string;
}

export interface Source {
  username: string;
  authmethod: string;
  cidr: string;
  meta: Record<string, unknown>;
}

export interface ApiKey {
  id: string;
  prefix: string;
  name: string | null;
  /** Seconds since 1970, as is the end. */
  created: number;
  expires_at: number | null;
  /** The key itself, in the answer that made it. */
  key?: string;
}

/** One of the nodes that share the store. */
export interface NodeInfo {
  name: string;
  id: string;
  url: string;
  version: string;
  live: boolean;
  /** The one that was asked. */
  self: boolean;
  seq: number;
  lag: number;
  age_ms: number;
}

export interface AuditRow {
  id: number;
  time: number;
  count: number;
  action: string;
  outcome: string;
  error?: string;
  realm?: string;
  target?: string;
  actor?: string;
  actor_realm?: string;
  authmethod?: string;
  address?: string;
  request_id?: string;
  before?: string;
  after?: string;
  detail?: string;
}
