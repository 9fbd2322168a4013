// Two people changed the same thing. The later one sees what is there now beside his own, and
// decides.
import { text } from '../strings';
import { Button } from './button';
import { Dialog, openDialog } from './dialog';
import { Diff } from './diff';

export type Choice = 'overwrite' | 'theirs' | 'edit';

export function askAboutConflict(theirs: string, mine: string): Promise<Choice> {
  return openDialog<Choice>((close) => (
    <Dialog
      wide
      title={text.conflict.title}
      onClose={() => close('edit')}
      footer={
        <>
          <Button autofocus onClick={() => close('edit')}>
            {text.conflict.edit}
          </Button>
          <Button onClick={() => close('theirs')}>{text.conflict.theirs}</Button>
          <Button kind="danger" onClick={() => close('overwrite')}>
            {text.conflict.mine}
          </Button>
        </>
      }
    >
      <p>{text.conflict.body}</p>
      <Diff before={theirs} after={mine} label={text.conflict.diff} />
    </Dialog>
  ));
}
