// Lines over the last seconds. What they stand at is in words beside the title: now, or at the
// second that is pointed at or gone to with the arrow keys. Lines differ by dashes too. Nothing
// moves but by a new second. Who cannot see it has the screen's table.
import { useEffect, useRef, useState } from 'preact/hooks';
import { text } from '../strings';
import { areaPath, axisEnd, linePaths, type Value } from './chart_lines';
import { Axes, BOTTOM, Cursor, HEIGHT, LEFT, RIGHT, TOP, type Series } from './chart_parts';

export interface ChartProps {
  title: string;
  unit: string;
  /** Of the values, in seconds; the last one is now. */
  times: readonly number[];
  /** How many seconds are shown. */
  span: number;
  series: readonly Series[];
  format: (value: Value) => string;
  /** The axis ends here or above, so that next to nothing is not a mountain. */
  least: number;
  /** Said over a chart without a value. */
  none: string;
  /** The second that is pointed at, in all charts at once. */
  at: number | undefined;
  onAt: (time: number | undefined) => void;
}

const t = text.chart;

export function Chart(props: ChartProps) {
  const { title, unit, times, span, series, format, least, none, at, onAt } = props;
  const [box, width] = useWidth();
  const now = times.at(-1) ?? 0;
  const top = axisEnd(series.flatMap(({ values }) => values), least);
  const x = (time: number) => LEFT + (1 - (now - time) / (span - 1)) * (width - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
  const found = at === undefined ? -1 : times.indexOf(at);
  const shown = found < 0 ? times.length - 1 : found;
  const empty = series.every(({ values }) => values.every((value) => value === null));
  const point = (event: PointerEvent) => {
    const { left } = box.current?.getBoundingClientRect() ?? { left: 0 };
    const share = (event.clientX - left - LEFT) / (width - LEFT - RIGHT);
    onAt(times.length > 0 ? nearest(times, now - (1 - share) * (span - 1)) : undefined);
  };
  const valueText = series.map(({ name, values }) => `${name} ${format(values[shown] ?? null)}`);
  return (
    <figure class="chart">
      <figcaption>
        <h2>
          {title} <span class="unit">{unit}</span>
        </h2>
        {found >= 0 && <span class="chart-time">{clock(times[found] ?? 0)}</span>}
        <Legend series={series} shown={shown} format={format} />
      </figcaption>
      <div
        ref={box}
        class="chart-plot"
        role="slider"
        tabIndex={0}
        aria-label={t.label(title)}
        aria-valuemin={1 - span}
        aria-valuemax={0}
        aria-valuenow={found < 0 ? 0 : (times[found] ?? now) - now}
        aria-valuetext={found < 0 ? t.now : `${clock(times[found] ?? 0)}: ${valueText.join(', ')} ${unit}`}
        onPointerMove={point}
        onPointerLeave={() => onAt(undefined)}
        onBlur={() => onAt(undefined)}
        onKeyDown={(event) => {
          const to = step(event.key, shown, times.length);
          if (to === undefined) return;
          event.preventDefault();
          onAt(to < 0 ? undefined : times[to]);
        }}
      >
        {width > 0 && (
          <svg width={width} height={HEIGHT} aria-hidden="true" focusable="false">
            <Axes x={x} y={y} top={top} now={now} span={span} width={width} />
            {series.map(({ look, values }) => {
              const { line, dots } = linePaths(times, values, x, y);
              return (
                <g key={look} class={`line ${look}`}>
                  {series.length === 1 && <path class="area" d={areaPath(line, HEIGHT - BOTTOM)} />}
                  <path d={line} />
                  <path class="lone" d={dots} />
                </g>
              );
            })}
            {found >= 0 && <Cursor x={x(times[found] ?? now)} y={y} series={series} shown={found} />}
          </svg>
        )}
        {empty && <p class="chart-none">{none}</p>}
      </div>
    </figure>
  );
}

function Legend({ series, shown, format }: Pick<ChartProps, 'series' | 'format'> & { shown: number }) {
  return (
    <dl class="legend">
      {series.map(({ name, look, values }) => (
        <div key={name}>
          <dt>
            <svg width="18" height="8" aria-hidden="true" focusable="false" class={`line ${look}`}>
              <path d="M1 4H17" />
            </svg>
            {name}
          </dt>
          <dd>{format(values[shown] ?? null)}</dd>
        </div>
      ))}
    </dl>
  );
}

function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!box.current) return;
    const seen = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    seen.observe(box.current);
    return () => seen.disconnect();
  }, []);
  return [box, width] as const;
}

const clockFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

export function clock(time: number): string {
  return clockFormat.format(time * 1000);
}

function nearest(times: readonly number[], wanted: number): number {
  return times.reduce((best, time) => (Math.abs(time - wanted) < Math.abs(best - wanted) ? time : best));
}

/** Where a key goes from there; -1 is back to now. */
function step(key: string, from: number, count: number): number | undefined {
  const last = count - 1;
  const moves: Record<string, number> = {
    ArrowLeft: from - 1,
    ArrowDown: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from + 1,
    PageDown: from - 10,
    PageUp: from + 10,
    Home: 0,
  };
  if (key === 'Escape' || key === 'End') return -1;
  const to = moves[key];
  return to === undefined || count === 0 ? undefined : Math.max(0, Math.min(last, to));
}
