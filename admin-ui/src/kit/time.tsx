// A moment in the zone of who looks; in UTC on hover.
const local = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export function Time({ ms }: { ms: number }) {
  const moment = new Date(ms);
  const utc = moment.toISOString();
  return (
    <time dateTime={utc} title={utc}>
      {local.format(moment)}
    </time>
  );
}
