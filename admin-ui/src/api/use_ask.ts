// One object of the server in a component: loading, there, or a problem; and again on demand.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { ask, type Answer } from './client';

export interface Asked<T> {
  value: T | undefined;
  etag: string | undefined;
  problem: Error | undefined;
  loading: boolean;
  again(): void;
}

export function useAsk<T>(path: string | undefined): Asked<T> {
  const [answer, setAnswer] = useState<Answer<T>>();
  const [problem, setProblem] = useState<Error>();
  const [loading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === undefined) return;
    const stop = new AbortController();
    setLoading(true);
    ask<T>(path, { signal: stop.signal })
      .then((got) => {
        setAnswer(got);
        setProblem(undefined);
        setLoading(false);
      })
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        setProblem(error instanceof Error ? error : new Error(String(error)));
        setLoading(false);
      });
    return () => stop.abort();
  }, [path, round]);
  const again = useCallback(() => setRound((n) => n + 1), []);
  return { value: answer?.value, etag: answer?.etag, problem, loading, again };
}
