// The numbers of the node as it goes: the last two minutes at once, then a second at a time by one
// stream of server-sent events. Nothing is open while nobody looks: not in a hidden tab, not on
// another screen. When the stream ends the browser comes again and is sent what it missed; when
// it is refused, or has been away, the two minutes are asked for anew, which also finds out why.
import { useEffect, useState } from 'preact/hooks';
import { ask, urlOf } from './client';

export const KEPT_S = 120;
const PAUSE_MS = 5000;

export interface Counts {
  seconds: number;
  requests: number;
  requests_per_second: number;
  statuses: Record<string, number>;
  latency_ms: { p50: number; p95: number; p99: number } | null;
}

export interface WampCounts {
  sessions: number;
  registrations: number;
  subscriptions: number;
  calls_open: number;
  calls_per_second: number | null;
  publications_per_second: number | null;
  events_per_second: number | null;
}

export interface StoreState {
  state: 'up' | 'away';
  since_ms: number;
  seq: number;
  served: number;
  nodes: number;
}

/** A second; what was not sampled in it is null. */
export interface Point {
  time: number;
  second: Counts;
  wamp: WampCounts | null;
  store: StoreState | null;
  memory: { rss_bytes: number } | null;
  cpu: { process: number | null; workers: (number | null)[] } | null;
}

/** The last second, with the minute that it ends. */
export interface Now extends Point {
  uptime_s: number;
  minute: Counts;
}

interface Stats extends Now {
  node: string;
  version: string;
  history: Point[];
}

export interface Live {
  state: 'asks' | 'live' | 'stopped';
  about: { node: string; version: string } | undefined;
  now: Now | undefined;
  /** At most KEPT_S, the oldest first. */
  points: readonly Point[];
  problem: Error | undefined;
}

function merged(had: readonly Point[], more: readonly Point[]): Point[] {
  const all = new Map(had.map((point) => [point.time, point]));
  for (const point of more) {
    const before = all.get(point.time);
    if (!before?.wamp || point.wamp) all.set(point.time, point);
  }
  const points = [...all.values()].sort((a, b) => a.time - b.time);
  const last = points.at(-1)?.time ?? 0;
  return points.filter(({ time }) => time > last - KEPT_S);
}

function isNow(point: Point): point is Now {
  return 'minute' in point;
}

export interface Watch {
  /** Asks anew after a refusal. */
  again(): void;
  end(): void;
}

export function watchStats(seen: (live: Live) => void): Watch {
  let live: Live = { state: 'asks', about: undefined, now: undefined, points: [], problem: undefined };
  let source: EventSource | undefined;
  let asking: AbortController | undefined;
  let timer = 0;
  const tell = (change: Partial<Live>) => seen((live = { ...live, ...change }));

  const close = () => {
    asking?.abort();
    source?.close();
    source = undefined;
    clearTimeout(timer);
  };
  const open = async () => {
    close();
    const { signal } = (asking = new AbortController());
    try {
      const { value } = await ask<Stats>('/stats', { query: { history: KEPT_S }, signal });
      if (signal.aborted) return;
      const { node, version, history, ...now } = value;
      tell({ about: { node, version }, now, points: merged(live.points, history), problem: undefined });
      listen(signal);
    } catch (error) {
      if (signal.aborted) return;
      tell({ state: 'stopped', problem: error instanceof Error ? error : new Error(String(error)) });
    }
  };
  const listen = (signal: AbortSignal) => {
    const stream = (source = new EventSource(urlOf('/stats/stream')));
    const begun = Date.now();
    stream.onmessage = ({ data }: MessageEvent<string>) => {
      const point = JSON.parse(data) as Point;
      // A node that was started anew may be another version.
      if (isNow(point) && point.uptime_s < (live.now?.uptime_s ?? 0)) return void open();
      tell({ state: 'live', points: merged(live.points, [point]), ...(isNow(point) && { now: point }) });
    };
    stream.onerror = () => {
      tell({ state: 'asks' });
      if (stream.readyState === EventSource.CLOSED) {
        const pause = Date.now() - begun < PAUSE_MS ? PAUSE_MS : 0;
        timer = window.setTimeout(() => void open(), pause);
      } else {
        // Says in the banner that the node is away, if it is.
        ask('/ping', { signal }).catch(() => undefined);
      }
    };
  };
  const look = () => {
    if (document.hidden) close();
    else void open();
  };
  document.addEventListener('visibilitychange', look);
  look();
  return {
    again: look,
    end() {
      document.removeEventListener('visibilitychange', look);
      close();
    },
  };
}

export function useStats(): Live & { again: () => void } {
  const [live, setLive] = useState<Live>();
  const [watch, setWatch] = useState<Watch>();
  useEffect(() => {
    const made = watchStats(setLive);
    setWatch(made);
    return made.end;
  }, []);
  const nothing: Live = { state: 'asks', about: undefined, now: undefined, points: [], problem: undefined };
  return { ...(live ?? nothing), again: () => watch?.again() };
}
