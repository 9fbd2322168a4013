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
