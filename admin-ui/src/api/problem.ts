// What the server says when it refuses: RFC 9457, with the code, the request's id and, for
// specifications, every mistake with its place.
export interface Mistake {
  severity?: 'error' | 'warning';
  line?: number;
  column?: number;
  pointer?: string;
  detail: string;
  allowed?: string;
  nearest?: string;
}

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly requestId: string;
  /** The member of the body that is wrong, where the server knows. */
  readonly key: string;
  readonly errors: readonly Mistake[];

  constructor(status: number, body: unknown, fallback: string) {
    const said = isObject(body) ? body : {};
    super(text(said['detail']) || text(said['error_description']) || fallback);
    this.status = status;
    this.title = text(said['title']) || fallback;
    this.code = text(said['code']) || text(said['error']) || `http.${status}`;
    this.requestId = text(said['request_id']);
    this.key = text(said['key']);
    this.errors = Array.isArray(said['errors']) ? said['errors'].filter(isMistake) : [];
  }
}

/** The request may or may not have arrived: there is no answer. */
export class NoAnswer extends Error {}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMistake(value: unknown): value is Mistake {
  return isObject(value) && typeof value['detail'] === 'string';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
