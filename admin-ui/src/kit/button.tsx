// A button. What the user may not do, or not now, stays visible and reachable, and says why.
import type { ComponentChildren } from 'preact';
import { may } from '../api/session';
import { text } from '../strings';
import { Icon, type IconName } from './icon';

export interface ButtonProps {
  children?: ComponentChildren;
  onClick?: (event: MouseEvent) => void;
  kind?: 'primary' | 'plain' | 'danger' | 'quiet';
  icon?: IconName;
  /** The name of an icon button. */
  label?: string;
  /** The procedure that this calls: without a grant for it the button is off. */
  needs?: string;
  /** Why this cannot be done now. */
  off?: string | undefined;
  busy?: boolean;
  submit?: boolean;
  autofocus?: boolean;
}

export function Button(props: ButtonProps) {
  const why = may(props.needs) ? props.off : text.denied(props.needs ?? '');
  const stopped = Boolean(why) || Boolean(props.busy);
  return (
    <button
      type={props.submit ? 'submit' : 'button'}
      class={`button ${props.kind ?? 'plain'}${props.children ? '' : ' only-icon'}`}
      aria-label={props.label && why ? `${props.label} (${why})` : props.label}
      aria-disabled={stopped ? 'true' : undefined}
      aria-busy={props.busy ? 'true' : undefined}
      aria-description={props.label ? undefined : why}
      title={why ?? props.label}
      autofocus={props.autofocus}
      onClick={(event) => {
        if (stopped) event.preventDefault();
        else props.onClick?.(event);
      }}
    >
      {props.icon && <Icon name={props.icon} />}
      {props.children}
    </button>
  );
}
