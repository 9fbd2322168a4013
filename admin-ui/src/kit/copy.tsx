// Copies a text and says that it did.
import { useState } from 'preact/hooks';
import { text } from '../strings';
import { Button } from './button';
import { toast } from './toast';

export function Copy({ value, children }: { value: string; children?: string }) {
  const [done, setDone] = useState(false);
  const copy = () => {
    navigator.clipboard.writeText(value).then(
      () => {
        setDone(true);
        setTimeout(() => setDone(false), 1500);
      },
      () => toast(text.copy.failed, 'bad'),
    );
  };
  return (
    <Button kind="quiet" icon={done ? 'check' : 'copy'} onClick={copy} {...(!children && { label: text.copy.copy })}>
      {children && (done ? text.copy.copied : children)}
    </Button>
  );
}
