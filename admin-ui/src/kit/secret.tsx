// A secret that the server says this once: it stays until one says that one has it.
import { text } from '../strings';
import { Button } from './button';
import { Copy } from './copy';
import { Dialog, openDialog } from './dialog';

export interface Secret {
  title: string;
  body: string;
  secret: string;
}

export function showSecret({ title, body, secret }: Secret): Promise<void> {
  return openDialog<void>((close) => (
    <Dialog
      title={title}
      footer={
        <Button kind="primary" onClick={() => close()}>
          {text.secret.have}
        </Button>
      }
    >
      <p>{body}</p>
      <p class="command">
        <code class="secret">{secret}</code>
        <Copy value={secret} />
      </p>
    </Dialog>
  ));
}
