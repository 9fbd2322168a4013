// Rows in columns. The first column carries the link of the row; j and k move from row to row.
// Above 200 rows only those on the screen are in the document.
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { text } from '../strings';
import { useShortcut } from './shortcuts';
import { useWindow } from './use_window';

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** The server's name for this order, where it knows one. */
  sort?: string;
  width?: string;
  mono?: boolean;
  number?: boolean;
}

export interface TableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  rowHref?: (row: Row) => string;
  sort?: string;
  onSort?: (sort: string) => void;
  total?: number | undefined;
}

const ROW_HEIGHT = 40;

export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, rowKey, rowHref, sort = '', onSort, total } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const { from, to } = useWindow(rows.length, ROW_HEIGHT, body);
  const step = (by: number) => {
    const links = [...(body.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
    const now = links.findIndex((link) => link === document.activeElement);
    links[Math.max(0, Math.min(links.length - 1, now + by))]?.focus();
  };
  useShortcut(rowHref ? 'j' : '', text.keys.down, () => step(1));
  useShortcut(rowHref ? 'k' : '', text.keys.up, () => step(-1));
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={label}>
      <table aria-rowcount={(total ?? rows.length) + 1}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.title} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          <Gap rows={from} columns={columns.length} />
          {rows.slice(from, to).map((row, i) => (
            <tr key={rowKey(row)} aria-rowindex={from + i + 2}>
              {columns.map((column, at) => (
                <td key={column.title} class={cellClass(column)} title={plain(column.cell(row))}>
                  {at === 0 && rowHref ? (
                    <a class="row-link" data-row href={rowHref(row)}>
                      {column.cell(row)}
                    </a>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
          <Gap rows={rows.length - to} columns={columns.length} />
        </tbody>
      </table>
    </div>
  );
}

/** What may be cut off is shown whole on hover. */
function plain(cell: ComponentChildren): string | undefined {
  return typeof cell === 'string' && cell.length > 20 ? cell : undefined;
}

function cellClass<Row>(column: Column<Row>): string | undefined {
  return [column.mono && 'mono', column.number && 'number'].filter(Boolean).join(' ') || undefined;
}

function Gap({ rows, columns }: { rows: number; columns: number }) {
  if (rows <= 0) return null;
  return (
    <tr aria-hidden="true" class="gap">
      <td colSpan={columns} style={{ height: `${rows * ROW_HEIGHT}px` }} />
    </tr>
  );
}

interface HeadProps<Row> {
  column: Column<Row>;
  sort: string;
  onSort: ((sort: string) => void) | undefined;
}

function Head<Row>({ column, sort, onSort }: HeadProps<Row>) {
  const style = column.width ? { width: column.width } : undefined;
  const by = column.sort;
  if (!by || !onSort)
    return (
      <th scope="col" class={cellClass({ ...column, mono: false })} style={style}>
        {column.title}
      </th>
    );
  const down = sort === `-${by}`;
  const up = sort === by || sort === '';
  return (
    <th scope="col" aria-sort={down ? 'descending' : up ? 'ascending' : 'none'} style={style}>
      <button type="button" class="sort" onClick={() => onSort(down ? '' : `-${by}`)}>
        {column.title}
        <span aria-hidden="true">{down ? ' ↓' : up ? ' ↑' : ''}</span>
      </button>
    </th>
  );
}
