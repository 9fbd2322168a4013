// The lines that two texts have in common, by Myers' greedy algorithm on what is left between a
// common beginning and a common end. Texts that differ in more than MAX_EDITS lines are shown as
// wholly replaced: nobody reads such a difference line by line.
export interface DiffLine {
  kind: 'same' | 'added' | 'removed';
  text: string;
  before?: number;
  after?: number;
}

const MAX_EDITS = 500;

export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.split('\n');
  const b = after.split('\n');
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  )
    end++;
  const kept = common(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return lay(a, b, start, end, kept);
}

type Pair = [number, number];

function lay(a: string[], b: string[], start: number, end: number, kept: Pair[]): DiffLine[] {
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  const upTo = (x: number, y: number) => {
    for (; i < x; i++) lines.push({ kind: 'removed', text: a[i] ?? '', before: i + 1 });
    for (; j < y; j++) lines.push({ kind: 'added', text: b[j] ?? '', after: j + 1 });
  };
  const same = (count: number) => {
    for (let n = 0; n < count; n++, i++, j++)
      lines.push({ kind: 'same', text: a[i] ?? '', before: i + 1, after: j + 1 });
  };
  same(start);
  for (const [x, y] of kept) {
    upTo(start + x, start + y);
    same(1);
  }
  upTo(a.length - end, b.length - end);
  same(end);
  return lines;
}

/** Pairs of lines that stay, in order. */
function common(a: string[], b: string[]): Pair[] {
  const reach = new Map<number, number>([[1, 0]]);
  const trail: Map<number, number>[] = [];
  for (let edits = 0; edits <= Math.min(a.length + b.length, MAX_EDITS); edits++) {
    trail.push(new Map(reach));
    for (let k = -edits; k <= edits; k += 2) {
      let x = furthest(reach, k, edits);
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(trail, a.length, b.length);
    }
  }
  return [];
}

function furthest(reach: Map<number, number>, k: number, edits: number): number {
  const down = reach.get(k + 1) ?? 0;
  const right = (reach.get(k - 1) ?? -1) + 1;
  return k === -edits || (k !== edits && right <= down) ? down : right;
}

function walkBack(trail: Map<number, number>[], endX: number, endY: number): Pair[] {
  const pairs: Pair[] = [];
  let x = endX;
  let y = endY;
  for (let edits = trail.length - 1; edits >= 0; edits--) {
    const reach = trail[edits] ?? new Map<number, number>();
    const k = x - y;
    const down = k === -edits || (k !== edits && (reach.get(k - 1) ?? 0) < (reach.get(k + 1) ?? 0));
    const before = down ? k + 1 : k - 1;
    const fromX = edits === 0 ? 0 : (reach.get(before) ?? 0);
    const fromY = edits === 0 ? 0 : fromX - before;
    while (x > fromX && y > fromY) pairs.push([--x, --y]);
    x = fromX;
    y = fromY;
  }
  return pairs.reverse();
}
