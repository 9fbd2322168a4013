// Signing keys, and where each is in its life now.
export interface Key {
  kid: string;
  alg: string;
  status: 'active' | 'retiring' | 'retired';
  /** Seconds since 1970, as are the others; `retired` may be still to come. */
  created: number;
  activated: number;
  retired?: number;
  public_key: Record<string, unknown>;
}

export type Phase = 'next' | 'signing' | 'verifying' | 'retired';

const ORDER: readonly Phase[] = ['next', 'signing', 'verifying', 'retired'];

export interface Aged {
  of: Key;
  phase: Phase;
}

/** In the order of their lives, the coming ones first. The newest that has begun signs; if none has,
    since our clock is behind the server's, the first that will. */
export function agedAt(keys: readonly Key[], now_s: number): Aged[] {
  const live = keys.filter((key) => key.status !== 'retired' && (key.retired ?? Infinity) > now_s);
  const byStart = [...live].sort((a, b) => a.activated - b.activated);
  const signing = byStart.filter((key) => key.activated <= now_s).at(-1) ?? byStart[0];
  const phaseOf = (key: Key): Phase => {
    if (!live.includes(key)) return 'retired';
    if (key === signing) return 'signing';
    return key.activated > now_s ? 'next' : 'verifying';
  };
  return keys
    .map((of) => ({ of, phase: phaseOf(of) }))
    .sort(
      (a, b) =>
        ORDER.indexOf(a.phase) - ORDER.indexOf(b.phase) || b.of.activated - a.of.activated,
    );
}

/** What the issuer serves of them. */
export function jwksOf(aged: readonly Aged[]): string {
  const keys = aged.filter(({ phase }) => phase !== 'retired').map(({ of }) => of.public_key);
  return JSON.stringify({ keys }, null, 2);
}
