// Where the lines of a chart go.
export type Value = number | null;

/** The end of an axis that a value fits under: 1, 2 or 5 times a power of ten, never below `least`. */
export function axisEnd(values: readonly Value[], least: number): number {
  const most = Math.max(least, ...values.map((value) => value ?? 0));
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= most * (1 - 1e-9)) ?? 10;
  return step * power;
}

export interface Lines {
  line: string;
  /** Values without a neighbour, of which a line would show nothing. */
  dots: string;
}

/** The paths through the points, with a gap where there is none. */
export function linePaths(
  times: readonly number[],
  values: readonly Value[],
  x: (time: number) => number,
  y: (value: number) => number,
): Lines {
  const runs: string[][] = [];
  let before = -Infinity;
  for (const [i, time] of times.entries()) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    if (time - before > 1) runs.push([]);
    runs.at(-1)?.push(`${x(time).toFixed(1)} ${y(value).toFixed(1)}`);
    before = time;
  }
  const path = (chosen: string[][], end: string) => chosen.map((run) => `M${run.join('L')}${end}`).join('');
  return {
    line: path(runs.filter(({ length }) => length > 1), ''),
    dots: path(runs.filter(({ length }) => length === 1), 'h0'),
  };
}

/** A line closed along the bottom. */
export function areaPath(line: string, bottom: number): string {
  return line
    .split('M')
    .filter(Boolean)
    .map((run) => {
      const first = run.split(' ')[0] ?? '0';
      const last = run.split('L').at(-1)?.split(' ')[0] ?? '0';
      return `M${run}L${last} ${bottom}L${first} ${bottom}Z`;
    })
    .join('');
}
