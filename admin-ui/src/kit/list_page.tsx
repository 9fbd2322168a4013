// A screen that is a list, with the button that makes another one, and what says how when there is
// none yet.
import type { ComponentChildren } from 'preact';
import { may } from '../api/session';
import { go, href } from '../app/router';
import { Copy } from './copy';
import { Empty } from './empty';
import { LinkButton } from './link_button';
import { List, type ListProps } from './list';
import { Page } from './page';
import { useShortcut } from './shortcuts';

export interface ListPageProps<Row> extends Omit<ListProps<Row>, 'label' | 'empty'> {
  words: { title: string; lead: string; new: string; empty: string };
  /** Where a new one is made, and the procedure that it takes. */
  make: { to: string; needs: string };
  /** What the first one is good for, and the command that makes it. */
  emptyBody: ComponentChildren;
  emptyCommand: string;
}

export function ListPage<Row>(props: ListPageProps<Row>) {
  const { words, make, emptyBody, emptyCommand, ...list } = props;
  const add = (
    <LinkButton to={href(make.to)} kind="primary" icon="plus" needs={make.needs}>
      {words.new}
    </LinkButton>
  );
  useShortcut(may(make.needs) ? 'n' : '', words.new, () => go(make.to));
  return (
    <Page title={words.title} lead={words.lead} actions={add}>
      <List<Row>
        {...list}
        label={words.title}
        empty={
          <Empty title={words.empty} action={add}>
            {emptyBody}
            <p class="command">
              <code>{emptyCommand}</code>
              <Copy value={emptyCommand} />
            </p>
          </Empty>
        }
      />
    </Page>
  );
}
