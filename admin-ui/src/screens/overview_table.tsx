// The lines as numbers, the newest first.
import type { Point } from '../api/stream';
import { clock } from '../kit/chart';
import { Table, type Column } from '../kit/table';
import { text } from '../strings';
import { groups } from './overview_series';

const t = text.overview;

const columns: Column<Point>[] = [
  { title: t.time, cell: ({ time }) => clock(time) },
  ...groups.flatMap(({ title, unit, format, lines }) =>
    lines.map(({ name, of }) => ({
      title: lines.length === 1 ? `${title}, ${unit}` : `${name}, ${unit}`,
      cell: (point: Point) => format(of(point) ?? null),
      number: true,
    })),
  ),
];

export function OverviewTable({ points }: { points: readonly Point[] }) {
  return (
    <div class="seconds">
      <Table label={t.seconds} columns={columns} rows={[...points].reverse()} rowKey={({ time }) => String(time)} />
    </div>
  );
}
