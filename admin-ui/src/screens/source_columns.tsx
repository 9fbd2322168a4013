// How a source is shown in a table.
import type { Source } from '../api/types';
import { Badge } from '../kit/badge';
import type { Column } from '../kit/table';
import { text } from '../strings';
import { metaText } from './user_meta';

const t = text.sources;

export const sourceColumns: readonly Column<Source>[] = [
  {
    title: t.who,
    cell: ({ username }) =>
      ['all', 'anonymous'].includes(username) ? <Badge tone="accent">{username}</Badge> : username,
    width: '24%',
  },
  { title: t.method, cell: (source) => source.authmethod, mono: true, width: '12rem' },
  { title: t.from, cell: (source) => source.cidr, mono: true, width: '16rem' },
  { title: t.note, cell: ({ meta }) => noteOf(meta) },
];

function noteOf(meta: Record<string, unknown>): string {
  const description = meta?.['description'];
  return typeof description === 'string' ? description : metaText(meta).replace(/\s+/g, ' ');
}
