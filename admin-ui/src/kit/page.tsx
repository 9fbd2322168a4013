// The head of a screen: where it is, its name, what can be done here; and the document's title.
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { text } from '../strings';

export interface PageProps {
  title: string;
  /** The way up: [label, href]. */
  up?: [string, string];
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function Page({ title, up, lead, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · ${text.product}`;
  }, [title]);
  return (
    <>
      <header class="page-head">
        <div>
          {up && (
            <nav class="up" aria-label={text.up}>
              <a href={up[1]}>{up[0]}</a>
            </nav>
          )}
          <h1>{title}</h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}
