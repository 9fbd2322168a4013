// What is wrong now: the store, nodes. Nothing when nothing is.
import type { Now } from '../api/stream';
import { may } from '../api/session';
import { href } from '../app/router';
import { Icon } from '../kit/icon';
import { Time } from '../kit/time';
import { text } from '../strings';
import { useNodes } from './nodes_use';

const t = text.overview;
const NODES = 'bondy.cluster.members';

export function Alarms({ now }: { now: Now | undefined }) {
  const since = `${now?.store?.nodes} ${now?.store?.seq}`;
  const nodes = useNodes({ everyMs: 4000, times: 3, since, wanted: may(NODES) });
  const dead = (nodes.value ?? []).filter((node) => !node.live);
  const away = now?.store?.state === 'away' ? now.store : undefined;
  return (
    <div role="status" class="alarms">
      {away && (
        <p class="notice bad">
          <Icon name="warning" />
          <span>
            <strong>{t.storeAway}</strong> {t.storeSince} <Time ms={away.since_ms} />. {t.storeMeans}
          </span>
        </p>
      )}
      {dead.map(({ id, name }) => (
        <p key={id} class="notice bad">
          <Icon name="warning" />
          <span>
            <strong>{t.nodeDead(name)}</strong> {t.nodeDeadMeans} <a href={href('/nodes')}>{text.nodes.title}</a>
          </span>
        </p>
      ))}
      {nodes.behind.map(({ id, name, lag }) => (
        <p key={id} class="notice warn">
          <Icon name="warning" />
          <span>
            <strong>{t.nodeBehind(name)}</strong> {t.nodeBehindMeans(lag)}{' '}
            <a href={href('/nodes')}>{text.nodes.title}</a>
          </span>
        </p>
      ))}
    </div>
  );
}
