// Two minutes in lines. Pointing at a second in one chart shows it in all.
import { KEPT_S, type Point } from '../api/stream';
import { Chart } from '../kit/chart';
import { groups } from './overview_series';

export interface OverviewChartsProps {
  points: readonly Point[];
  at: number | undefined;
  onAt: (time: number | undefined) => void;
}

export function OverviewCharts({ points, at, onAt }: OverviewChartsProps) {
  const times = points.map(({ time }) => time);
  return (
    <div class="charts">
      {groups.map(({ lines, ...group }) => (
        <Chart
          key={group.title}
          {...group}
          times={times}
          span={KEPT_S}
          series={lines.map(({ name, look, of }) => ({ name, look, values: points.map((point) => of(point) ?? null) }))}
          at={at}
          onAt={onAt}
        />
      ))}
    </div>
  );
}
