// What the server says of a specification while it is typed: a dry run a moment after the last key.
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/client';
import { Problem, type Mistake } from '../api/problem';
import type { Published } from '../api/types';

const PAUSE_MS = 350;

export type Check =
  | { is: 'checking' }
  | { is: 'good'; result: Published }
  | { is: 'wrong'; mistakes: readonly Mistake[] }
  | { is: 'refused'; problem: Error };

export const asSpec = (text: string, json: boolean) => ({
  text,
  type: json ? 'application/json' : 'application/yaml',
});

export async function dryRun(text: string, json: boolean, signal?: AbortSignal): Promise<Check> {
  try {
    const { value } = await ask<Published>('/api_specs', {
      method: 'POST',
      query: { dry_run: 'true' },
      raw: asSpec(text, json),
      ...(signal && { signal }),
    });
    return { is: 'good', result: value };
  } catch (error) {
    if (error instanceof Problem && error.errors.length > 0)
      return { is: 'wrong', mistakes: error.errors };
    return { is: 'refused', problem: error instanceof Error ? error : new Error(String(error)) };
  }
}

export function useSpecCheck(text: string, json: boolean): Check {
  const [check, setCheck] = useState<Check>({ is: 'checking' });
  useEffect(() => {
    const stop = new AbortController();
    setCheck({ is: 'checking' });
    const timer = setTimeout(() => {
      void dryRun(text, json, stop.signal).then((found) => {
        if (!stop.signal.aborted) setCheck(found);
      });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, json]);
  return check;
}
