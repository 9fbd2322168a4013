// A link that looks like a button: it goes somewhere. Without the grant it goes nowhere and says why.
import type { ComponentChildren } from 'preact';
import { may } from '../api/session';
import { Button } from './button';
import { Icon, type IconName } from './icon';

export interface LinkButtonProps {
  to: string;
  children: ComponentChildren;
  kind?: 'primary' | 'plain';
  icon?: IconName;
  needs?: string;
}

export function LinkButton({ to, children, kind, icon, needs }: LinkButtonProps) {
  if (!may(needs))
    return (
      <Button kind={kind ?? 'plain'} {...(icon && { icon })} {...(needs && { needs })}>
        {children}
      </Button>
    );
  return (
    <a class={`button ${kind ?? 'plain'}`} href={to}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}
