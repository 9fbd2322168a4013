// A moment in the zone of who looks; in UTC on hover.
const local = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

// Of one width, to be read down a column.
const exact = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });

export function Time({ ms, seconds }: { ms: number; seconds?: boolean }) {
  const moment = new Date(ms);
  const utc = moment.toISOString();
  return (
    <time dateTime={utc} title={utc}>
      {(seconds ? exact : local).format(moment)}
    </time>
  );
}
