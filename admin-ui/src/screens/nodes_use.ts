// The nodes of the store, asked for again and again while somebody looks.
import { useEffect, useRef } from 'preact/hooks';
import type { NodeInfo } from '../api/types';
import { useAsk, type Asked } from '../api/use_ask';

export interface Nodes extends Asked<NodeInfo[]> {
  /** Live ones that have not moved since they were asked before, and yet lag: not just a moment. */
  behind: readonly NodeInfo[];
}

export function useNodes(everyMs: number, wanted = true): Nodes {
  const asked = useAsk<NodeInfo[]>(wanted ? '/nodes' : undefined);
  const { value, again, loading } = asked;
  const rounds = useRef<{ now?: NodeInfo[]; before?: NodeInfo[] }>({});
  if (value && value !== rounds.current.now)
    rounds.current = { now: value, ...(rounds.current.now && { before: rounds.current.now }) };
  useEffect(() => {
    if (!wanted || loading) return;
    const timer = setInterval(() => {
      if (!document.hidden) again();
    }, everyMs);
    return () => clearInterval(timer);
  }, [wanted, loading, everyMs]);
  const seqBefore = new Map(rounds.current.before?.map(({ id, seq }) => [id, seq]));
  const behind = (value ?? []).filter(({ id, live, lag, seq }) => live && lag > 0 && seqBefore.get(id) === seq);
  return { ...asked, behind };
}
