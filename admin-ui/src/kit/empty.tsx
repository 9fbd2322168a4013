// Nothing here yet: what would be here, and how the first one is made.
import type { ComponentChildren } from 'preact';

export interface EmptyProps {
  title: string;
  children?: ComponentChildren;
  action?: ComponentChildren;
}

export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      <div class="empty-body">{children}</div>
      {action && <div class="actions">{action}</div>}
    </div>
  );
}
