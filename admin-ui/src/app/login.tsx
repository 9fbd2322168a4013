// Logging in: a page of its own at first, and a dialog over the screen when a session ends under
// somebody's hands, so that what he typed stays.
import { useState } from 'preact/hooks';
import { giveUpLogin, interrupted, login, session } from '../api/session';
import { Button } from '../kit/button';
import { Dialog } from '../kit/dialog';
import { Field } from '../kit/field';
import { ProblemPanel } from '../kit/problem_panel';
import { text } from '../strings';
import { useStore } from './store';

export function LoginPage() {
  return (
    <main class="login">
      <h1>
        <span class="mark" aria-hidden="true" />
        {text.product}
      </h1>
      <p class="muted">{text.login.lead}</p>
      <LoginForm />
    </main>
  );
}

export function LoginAgain() {
  if (!useStore(interrupted)) return null;
  return (
    <Dialog title={text.login.again} onClose={giveUpLogin}>
      <p>{text.login.kept}</p>
      <LoginForm />
    </Dialog>
  );
}

function LoginForm() {
  const state = session.get();
  const [username, setUsername] = useState(state.is === 'in' ? state.session.username : '');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await login(username, password);
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
      setPassword('');
      setBusy(false);
    }
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <ProblemPanel problem={problem} />
      <Field label={text.login.username}>
        {(control) => (
          <input
            {...control}
            name="username"
            autocomplete="username"
            required
            autofocus={!username}
            value={username}
            onInput={(event) => setUsername(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label={text.login.password}>
        {(control) => (
          <input
            {...control}
            name="password"
            type="password"
            autocomplete="current-password"
            required
            autofocus={Boolean(username)}
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button kind="primary" submit busy={busy}>
        {text.login.action}
      </Button>
    </form>
  );
}
