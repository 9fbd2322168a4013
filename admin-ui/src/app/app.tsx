// Who is logged in decides what is shown: the login, or the frame with the screen of this place.
import { useEffect } from 'preact/hooks';
import { begin, may, session } from '../api/session';
import { askUser } from '../kit/ask';
import { Copy } from '../kit/copy';
import { Dialogs } from '../kit/dialog';
import { Empty } from '../kit/empty';
import { Page } from '../kit/page';
import { Toasts } from '../kit/toast';
import { routes, start } from '../routes';
import { text } from '../strings';
import { Banner } from './banner';
import { Layout } from './layout';
import { LoginAgain, LoginPage } from './login';
import { useRealm } from './realm';
import { go, match, setAskToLeave, usePlace } from './router';
import { useStore } from './store';

setAskToLeave(() => askUser({ ...text.unsaved, danger: true }));

export function App() {
  const state = useStore(session);
  useEffect(() => void begin(), []);
  return (
    <>
      <Banner />
      {state.is === 'out' && <LoginPage />}
      {state.is === 'in' && (
        <Layout>
          <Screen />
        </Layout>
      )}
      <LoginAgain />
      <Dialogs />
      <Toasts />
    </>
  );
}

function Screen() {
  const { path } = usePlace();
  const realm = useRealm();
  useEffect(() => {
    if (path === '/') go(start(realm));
  }, [path]);
  if (path === '/') return null;
  for (const route of routes) {
    const params = match(route.path, path);
    if (!params) continue;
    if (!may(route.needs)) return <Denied procedure={route.needs} />;
    // Another object is another screen: nothing of the one before stays in it.
    return <route.screen key={path} {...params} />;
  }
  return (
    <Page title={text.nowhere.title}>
      <Empty title={text.nowhere.body(path)} />
    </Page>
  );
}

function Denied({ procedure }: { procedure: string }) {
  const state = useStore(session);
  const username = state.is === 'in' ? state.session.username : '';
  const remedy = text.deniedRemedy(procedure, username);
  return (
    <Page title={text.deniedTitle}>
      <Empty title={text.denied(procedure)}>
        <p>{text.deniedBody}</p>
        <p class="command">
          <code>{remedy}</code>
          <Copy value={remedy} />
        </p>
      </Empty>
    </Page>
  );
}
