// The last minute in numbers. Each tile has its place from the beginning, so that nothing moves
// when its numbers come or change.
import type { ComponentChildren } from 'preact';
import type { Counts, Now } from '../api/stream';
import { count, mebibytes, milliseconds, percent, rate } from '../kit/numbers';
import { text } from '../strings';

const t = text.overview;

interface Tile {
  title: string;
  value: ComponentChildren;
  unit?: string;
  more: readonly [string, string];
  bad?: boolean;
}

function wrong(minute: Counts): number {
  return (minute.statuses['4xx'] ?? 0) + (minute.statuses['5xx'] ?? 0);
}

function trafficTiles(now: Now | undefined): Tile[] {
  const minute = now?.minute;
  const errors = minute && minute.requests > 0 ? wrong(minute) / minute.requests : null;
  return [
    {
      title: t.requests,
      value: rate(minute?.requests_per_second),
      unit: t.perSecond,
      more: [t.inMinute(count(minute?.requests)), t.open(count(now?.wamp?.calls_open))],
    },
    {
      title: t.errors,
      value: percent(errors),
      more: [`${count(minute?.statuses['4xx'])} × 4xx`, `${count(minute?.statuses['5xx'])} × 5xx`],
    },
    {
      title: t.median,
      value: milliseconds(minute?.latency_ms?.p50),
      unit: 'ms',
      more: [`p95 ${milliseconds(minute?.latency_ms?.p95)} ms`, `p99 ${milliseconds(minute?.latency_ms?.p99)} ms`],
    },
  ];
}

function stateTiles(now: Now | undefined): Tile[] {
  const { wamp, store, memory, cpu } = now ?? {};
  return [
    {
      title: t.sessions,
      value: count(wamp?.sessions),
      more: [t.registrations(count(wamp?.registrations)), t.subscriptions(count(wamp?.subscriptions))],
    },
    {
      title: t.memory,
      value: mebibytes(memory?.rss_bytes),
      unit: 'MiB',
      more: [t.cpuShare(percent(cpu?.process)), t.workers(count(cpu?.workers.length))],
    },
    {
      title: t.store,
      value: store ? t.storeStates[store.state] : count(undefined),
      bad: store?.state === 'away',
      more: [t.storeSeq(count(store?.seq)), t.storeNodes(count(store?.nodes))],
    },
  ];
}

export function Tiles({ now }: { now: Now | undefined }) {
  return (
    <dl class="tiles">
      {[...trafficTiles(now), ...stateTiles(now)].map(({ title, value, unit, more, bad }) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd class={bad ? 'tile-value bad' : 'tile-value'}>
            {value}
            {unit && <span class="unit">{unit}</span>}
          </dd>
          <dd class="tile-more">
            {more[0]}
            <br />
            {more[1]}
          </dd>
        </div>
      ))}
    </dl>
  );
}
