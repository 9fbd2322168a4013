// The nodes of the store, asked for again some times, and as long as one lags. Not for ever: a page
// that is left open must not prolong its session.
import { useEffect, useRef } from 'preact/hooks';
import type { NodeInfo } from '../api/types';
import { useAsk, type Asked } from '../api/use_ask';

export interface Nodes extends Asked<NodeInfo[]> {
  /** Live ones that have not moved since they were asked before, and yet lag: not just a moment. */
  behind: readonly NodeInfo[];
}

export interface HowOften {
  everyMs: number;
  times: number;
  /** What changes when it is worth to ask anew. */
  since?: string;
  wanted?: boolean;
}

export function useNodes({ everyMs, times, since, wanted = true }: HowOften): Nodes {
  const asked = useAsk<NodeInfo[]>(wanted ? '/nodes' : undefined);
  const { value, again, loading } = asked;
  const rounds = useRef<{ now?: NodeInfo[]; before?: NodeInfo[] }>({});
  const left = useRef(times);
  if (value && value !== rounds.current.now)
    rounds.current = { now: value, ...(rounds.current.now && { before: rounds.current.now }) };
  const lagging = (value ?? []).some(({ live, lag }) => live && lag > 0);
  useEffect(() => {
    left.current = times;
  }, [since]);
  useEffect(() => {
    if (!wanted || loading || (left.current <= 0 && !lagging)) return;
    const timer = setInterval(() => {
      if (document.hidden) return;
      left.current--;
      again();
    }, everyMs);
    return () => clearInterval(timer);
  }, [wanted, loading, everyMs, lagging, since]);
  const seqBefore = new Map(rounds.current.before?.map(({ id, seq }) => [id, seq]));
  const behind = (value ?? []).filter(({ id, live, lag, seq }) => live && lag > 0 && seqBefore.get(id) === seq);
  return { ...asked, behind };
}
