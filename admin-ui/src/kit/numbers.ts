// Numbers as they are shown; one that is not known is a dash.
export const UNKNOWN = '–';

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const two = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

type Maybe = number | null | undefined;

export function count(value: Maybe): string {
  return value == null ? UNKNOWN : whole.format(value);
}

/** Of what happens so often a second. */
export function rate(value: Maybe): string {
  if (value == null) return UNKNOWN;
  return value >= 10 || Number.isInteger(value) ? whole.format(value) : one.format(value);
}

export function milliseconds(value: Maybe): string {
  if (value == null) return UNKNOWN;
  return (value >= 100 || value === 0 ? whole : value >= 10 ? one : two).format(value);
}

/** A share of 1. */
export function percent(value: Maybe): string {
  if (value == null) return UNKNOWN;
  if (value > 0 && value < 0.001) return `< ${one.format(0.1)} %`;
  return `${(value === 0 || value >= 0.1 ? whole : one).format(value * 100)} %`;
}

export function tenths(value: Maybe): string {
  if (value == null) return UNKNOWN;
  return (value >= 100 || value === 0 ? whole : one).format(value);
}

export function mebibytes(value: Maybe): string {
  return tenths(value && value / (1 << 20));
}

const STEPS = [
  [86400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const;

/** The two largest parts: "3 d 4 h". */
export function duration(seconds: Maybe): string {
  if (seconds == null) return UNKNOWN;
  const at = Math.max(0, STEPS.findIndex(([size]) => seconds >= size));
  const first = seconds < 1 ? 3 : at;
  let rest = Math.floor(seconds);
  return STEPS.slice(first, first + 2)
    .map(([size, unit]) => {
      const n = Math.floor(rest / size);
      rest -= n * size;
      return `${n} ${unit}`;
    })
    .join(' ');
}
