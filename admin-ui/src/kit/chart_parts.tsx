// The axes of a chart and the line at the second that is pointed at.
import { text } from '../strings';
import type { Value } from './chart_lines';

export const HEIGHT = 140;
export const LEFT = 46;
export const RIGHT = 10;
export const TOP = 8;
export const BOTTOM = 22;
const t = text.chart;
const plain = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2, notation: 'compact' });

export interface Series {
  name: string;
  look: 'first' | 'second' | 'third' | 'warn' | 'bad';
  values: readonly Value[];
}

interface AxesProps {
  x: (time: number) => number;
  y: (value: number) => number;
  top: number;
  now: number;
  span: number;
  width: number;
}

export function Axes({ x, y, top, now, span, width }: AxesProps) {
  return (
    <g class="axes">
      {[0, top / 2, top].map((value) => (
        <g key={value}>
          <path d={`M${LEFT} ${Math.round(y(value)) + 0.5}H${width - RIGHT}`} />
          <text x={LEFT - 8} y={y(value)} dy="0.35em" text-anchor="end">
            {plain.format(value)}
          </text>
        </g>
      ))}
      {[span, span / 2, 0].map((ago, i) => (
        <text
          key={ago}
          x={i === 0 ? LEFT : x(now - ago)}
          y={HEIGHT - 5}
          text-anchor={(['start', 'middle', 'end'] as const)[i]}
        >
          {t.ago(ago)}
        </text>
      ))}
    </g>
  );
}

interface CursorProps {
  x: number;
  y: (value: number) => number;
  series: readonly Series[];
  shown: number;
}

export function Cursor({ x, y, series, shown }: CursorProps) {
  return (
    <g class="cursor">
      <path d={`M${x} ${TOP}V${HEIGHT - BOTTOM}`} />
      {series.map(({ look, values }) => {
        const value = values[shown];
        return value == null ? null : <circle key={look} class={`dot ${look}`} cx={x} cy={y(value)} r="3.5" />;
      })}
    </g>
  );
}
