// A list of the server as a screen shows it: search, count, the table, more rows as one scrolls, and
// all that can be instead of rows. Search and order are in the URL.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useList } from '../api/use_list';
import { setQuery, usePlace } from '../app/router';
import { text } from '../strings';
import { Button } from './button';
import { Empty } from './empty';
import { ProblemPanel } from './problem_panel';
import { Search } from './search';
import { Table, type Column } from './table';

export interface ListProps<Row> {
  /** What the list is, for screen readers and the search field: "Realms". */
  label: string;
  path: string;
  query?: Record<string, string>;
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  rowHref?: (row: Row) => string;
  /** Shown when there is nothing at all. */
  empty: ComponentChildren;
  /** The server finds text in names. */
  searchable?: boolean;
}

export function List<Row>(props: ListProps<Row>) {
  const { label, path, columns, rowKey, rowHref, empty, searchable = true } = props;
  const place = usePlace();
  const filter = place.query.get('filter') ?? '';
  const sort = place.query.get('sort') ?? '';
  const list = useList<Row>(path, { ...props.query, filter, sort });
  const { rows, total, problem, loading, more, again } = list;
  const nothing = rows.length === 0 && !loading && !problem;
  if (nothing && !filter) return <>{empty}</>;
  return (
    <>
      <div class="toolbar">
        {searchable && <Search label={text.list.search(label)} value={filter} onSearch={(value) => setQuery({ filter: value })} />}
        <span class="muted count" role="status">
          {loading && rows.length === 0 ? text.loading : text.list.count(rows.length, total)}
        </span>
      </div>
      <ProblemPanel problem={problem} again={again} />
      {nothing ? (
        <Empty
          title={text.list.noneFound(filter)}
          action={<Button onClick={() => setQuery({ filter: '' })}>{text.list.showAll}</Button>}
        />
      ) : rows.length === 0 ? (
        loading && <Skeleton />
      ) : (
        <>
          <Table
            label={label}
            columns={columns}
            rows={rows}
            rowKey={rowKey}
            {...(rowHref && { rowHref })}
            sort={sort}
            onSort={(value) => setQuery({ sort: value })}
            total={total}
          />
          {more && <More key={rows.length} load={more} />}
        </>
      )}
    </>
  );
}

/** Loads as it comes into sight; a button for who moves by keyboard. */
export function More({ load }: { load: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return;
    const seen = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && load(),
      { rootMargin: '400px' },
    );
    seen.observe(box.current);
    return () => seen.disconnect();
  }, []);
  return (
    <div ref={box} class="more">
      <Button onClick={load}>{text.list.more}</Button>
    </div>
  );
}

function Skeleton() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <div class="skeleton" aria-hidden="true">
      {[0, 1, 2, 3, 4].map((row) => (
        <div key={row} />
      ))}
    </div>
  );
}
