// The node does not answer: says so, and that nothing typed is lost.
import { away, connection } from '../api/connection';
import { Button } from '../kit/button';
import { Icon } from '../kit/icon';
import { text } from '../strings';
import { useStore } from './store';

export function Banner() {
  const gone = useStore(away);
  return (
    <div role="status" aria-live="assertive">
      {gone && (
        <div class="banner">
          <Icon name="warning" />
          <span>{text.connection.banner}</span>
          <Button onClick={connection.retryNow}>{text.again}</Button>
        </div>
      )}
    </div>
  );
}
