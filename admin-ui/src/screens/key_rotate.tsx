// A new signing key: in time, so that nobody notices, or at once, which ends what the others signed.
import { useState } from 'preact/hooks';
import { ask } from '../api/client';
import { at } from '../app/router';
import { Button } from '../kit/button';
import { confirmByTyping } from '../kit/confirm';
import { Dialog, openDialog } from '../kit/dialog';
import { Select } from '../kit/inputs';
import { ProblemPanel } from '../kit/problem_panel';
import { toast } from '../kit/toast';
import { text } from '../strings';

const t = text.signingKeys;
const MASTER = 'com.leapsight.bondy';
const ALGORITHMS = ['', 'ES256', 'RS256', 'EdDSA'] as const;

const rotate = (realm: string, body: Record<string, unknown>) =>
  ask(at`/realms/${realm}/keys/rotate`, { method: 'POST', body });

function Points({ lines }: { lines: readonly string[] }) {
  return (
    <ul>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

/** True when there is a new key, as of the other. */
export async function rotateKeys(realm: string): Promise<boolean> {
  const done = await openDialog<boolean>((close) => <InTime realm={realm} close={close} />);
  if (done) toast(t.rotated);
  return done;
}

export async function replaceKeys(realm: string): Promise<boolean> {
  const master = realm === MASTER ? [t.stopsConsole] : [];
  const done = await confirmByTyping({
    title: t.emergencyTitle,
    name: realm,
    takes: (
      <>
        <p>{t.emergencyBody}</p>
        <Points lines={[...t.stops, ...master]} />
      </>
    ),
    action: t.emergency,
    act: () => rotate(realm, { emergency: true }),
  });
  if (done) toast(t.replaced);
  return done;
}

function InTime({ realm, close }: { realm: string; close: (done: boolean) => void }) {
  const [algorithm, setAlgorithm] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Error>();
  const act = async () => {
    setBusy(true);
    try {
      await rotate(realm, { ...(algorithm && { algorithm }) });
      close(true);
    } catch (error) {
      setProblem(error instanceof Error ? error : new Error(String(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t.rotateTitle}
      onClose={() => close(false)}
      footer={
        <>
          <Button onClick={() => close(false)}>{text.cancel}</Button>
          <Button kind="primary" needs="bondy.key.rotate" busy={busy} onClick={() => void act()}>
            {t.rotate}
          </Button>
        </>
      }
    >
      <p>{t.rotateBody}</p>
      <Points lines={t.steps} />
      <ProblemPanel problem={problem} />
      <Select
        id="rotate-algorithm"
        value={algorithm}
        set={setAlgorithm}
        blur={() => undefined}
        error={undefined}
        label={t.algorithm}
        options={ALGORITHMS.map((value) => ({ value, label: value || t.asNow }))}
      />
    </Dialog>
  );
}
