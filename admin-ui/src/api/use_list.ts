// A list of the server, page by page: the next page is asked for by its cursor and put behind.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ask } from './client';

export interface ListQuery {
  filter?: string;
  sort?: string;
  [name: string]: string | undefined;
}

export interface List<Row> {
  rows: Row[];
  total: number | undefined;
  problem: Error | undefined;
  loading: boolean;
  /** Absent when all rows are here. */
  more: (() => void) | undefined;
  again(): void;
}

interface Page<Row> {
  /** What was asked for. */
  key: string | undefined;
  rows: Row[];
  total: number | undefined;
  next: string | undefined;
}

const LIMIT = 100;

/** `sparse`: a page may be short, or empty, and yet have a next. */
export function useList<Row>(path: string, query: ListQuery, limit = LIMIT, sparse = false): List<Row> {
  const [page, setPage] = useState<Page<Row>>({ key: undefined, rows: [], total: undefined, next: undefined });
  const [problem, setProblem] = useState<Error>();
  const [loading, setLoading] = useState(true);
  const running = useRef<AbortController>();
  const key = JSON.stringify([path, query]);

  const load = useCallback(
    (cursor: string | undefined) => {
      running.current?.abort();
      const stop = (running.current = new AbortController());
      setLoading(true);
      ask<Row[]>(path, { query: { ...query, limit, cursor }, signal: stop.signal })
        .then(({ value, total, next }) => {
          setProblem(undefined);
          setLoading(false);
          // The server offers a next page also behind the last full one.
          const end = value.length < limit && !sparse;
          setPage((had) => ({
            key,
            rows: cursor === undefined ? value : [...had.rows, ...value],
            total,
            next: end ? undefined : next,
          }));
        })
        .catch((error: unknown) => {
          if (stop.signal.aborted) return;
          setLoading(false);
          setProblem(error instanceof Error ? error : new Error(String(error)));
        });
    },
    [key],
  );
  useEffect(() => {
    load(undefined);
    return () => running.current?.abort();
  }, [load]);

  const { rows, total, next } = page;
  // Also before the new question is asked: what is here answers the one before.
  const asking = loading || (page.key !== key && !problem);
  const complete = next === undefined || (total !== undefined && rows.length >= total);
  return {
    rows,
    total: total ?? (complete ? rows.length : undefined),
    problem,
    loading: asking,
    more: complete || asking || problem ? undefined : () => load(next),
    again: () => load(undefined),
  };
}
