// What is drawn of each second, and what stands in the table: one list for both.
import type { Point } from '../api/stream';
import type { Value } from '../kit/chart_lines';
import type { Series } from '../kit/chart_parts';
import { milliseconds, rate, tenths } from '../kit/numbers';
import { text } from '../strings';

const t = text.overview;
const MEBI = 1 << 20;

export interface Line {
  name: string;
  look: Series['look'];
  of: (point: Point) => Value | undefined;
}

export interface Group {
  title: string;
  unit: string;
  format: (value: Value) => string;
  least: number;
  none: string;
  lines: readonly Line[];
}

export const groups: readonly Group[] = [
  {
    title: t.requests,
    unit: t.perSecond,
    format: rate,
    least: 10,
    none: t.noneYet,
    lines: [{ name: t.answered, look: 'first', of: ({ second }) => second.requests }],
  },
  {
    title: t.latency,
    unit: 'ms',
    format: milliseconds,
    least: 1,
    none: t.noRequests,
    lines: [
      { name: 'p50', look: 'first', of: ({ second }) => second.latency_ms?.p50 },
      { name: 'p95', look: 'second', of: ({ second }) => second.latency_ms?.p95 },
      { name: 'p99', look: 'third', of: ({ second }) => second.latency_ms?.p99 },
    ],
  },
  {
    title: t.errors,
    unit: t.perSecond,
    format: rate,
    least: 10,
    none: t.noneYet,
    lines: [
      { name: '4xx', look: 'warn', of: ({ second }) => second.statuses['4xx'] },
      { name: '5xx', look: 'bad', of: ({ second }) => second.statuses['5xx'] },
    ],
  },
  {
    title: 'WAMP',
    unit: t.perSecond,
    format: rate,
    least: 10,
    none: t.noneYet,
    lines: [
      { name: t.calls, look: 'first', of: ({ wamp }) => wamp?.calls_per_second },
      { name: t.publications, look: 'second', of: ({ wamp }) => wamp?.publications_per_second },
      { name: t.events, look: 'third', of: ({ wamp }) => wamp?.events_per_second },
    ],
  },
  {
    title: t.cpu,
    unit: t.ofOneCpu,
    format: tenths,
    least: 10,
    none: t.noneYet,
    lines: [{ name: t.process, look: 'first', of: ({ cpu }) => cpu?.process && cpu.process * 100 }],
  },
  {
    title: t.memory,
    unit: 'MiB',
    format: tenths,
    least: 100,
    none: t.noneYet,
    lines: [{ name: t.resident, look: 'first', of: ({ memory }) => memory && memory.rss_bytes / MEBI }],
  },
];
