// What a user may and from where he may come, whoever it was granted to.
import type { Grant, Source, User } from '../api/types';
import { useAsk } from '../api/use_ask';
import { at, href } from '../app/router';
import { LinkButton } from '../kit/link_button';
import { Loaded } from '../kit/loaded';
import { Table } from '../kit/table';
import { text } from '../strings';
import { GrantTable } from './grant_table';
import { sourceColumns } from './source_columns';

const t = text.users;

export function UserRights({ realm, user }: { realm: string; user: User }) {
  const grants = useAsk<Grant[]>(at`/realms/${realm}/users/${user.username}/grants`);
  const sources = useAsk<Source[]>(at`/realms/${realm}/users/${user.username}/sources`);
  const test = href(at`/realms/${realm}/grants`, { tab: 'test', who: `user/${user.username}` });
  return (
    <div class="sections">
      <section class="panel">
        <header>
          <h2>{t.grants}</h2>
          <LinkButton to={test} needs="bondy.rbac.explain">
            {text.grants.tests}
          </LinkButton>
        </header>
        <Loaded asked={grants}>
          {(rows) =>
            rows.length === 0 ? (
              <p class="muted">{t.grantsNone}</p>
            ) : (
              <GrantTable label={t.grants} rows={rows} by="role" realm={realm} />
            )
          }
        </Loaded>
      </section>
      <section class="panel">
        <h2>{t.sources}</h2>
        <Loaded asked={sources}>
          {(rows) =>
            rows.length === 0 ? (
              <p class="muted">{t.sourcesNone}</p>
            ) : (
              <Table
                label={t.sources}
                columns={sourceColumns}
                rows={rows}
                rowKey={(row) => `${row.username} ${row.authmethod} ${row.cidr}`}
              />
            )
          }
        </Loaded>
      </section>
    </div>
  );
}
