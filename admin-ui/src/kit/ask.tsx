// A question with two answers.
import { text } from '../strings';
import { Button } from './button';
import { Dialog, openDialog } from './dialog';

export interface Question {
  title: string;
  body: string;
  yes: string;
  no?: string;
  danger?: boolean;
}

export function askUser({ title, body, yes, no, danger }: Question): Promise<boolean> {
  return openDialog<boolean>((close) => (
    <Dialog
      title={title}
      onClose={() => close(false)}
      footer={
        <>
          <Button autofocus onClick={() => close(false)}>
            {no ?? text.cancel}
          </Button>
          <Button kind={danger ? 'danger' : 'primary'} onClick={() => close(true)}>
            {yes}
          </Button>
        </>
      }
    >
      <p>{body}</p>
    </Dialog>
  ));
}
