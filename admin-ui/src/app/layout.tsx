// The frame around every screen: top bar, navigation, and the way past both for a keyboard.
import type { ComponentChildren } from 'preact';
import { logout, may, session } from '../api/session';
import { Button } from '../kit/button';
import { Icon } from '../kit/icon';
import { showShortcuts, useShortcut } from '../kit/shortcuts';
import { toast } from '../kit/toast';
import { navigation, type NavItem } from '../routes';
import { text } from '../strings';
import { useRealm } from './realm';
import { RealmSwitcher } from './realm_switcher';
import { go, href, usePlace } from './router';
import { useStore } from './store';
import { nextTheme, theme } from './theme';

const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' } as const;

export function Layout({ children }: { children: ComponentChildren }) {
  useShortcut('?', text.keys.help, showShortcuts);
  return (
    <div class="frame">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        {text.skip}
      </a>
      <TopBar />
      <nav class="side" aria-label={text.nav.label}>
        {navigation.map(({ group, items }) => (
          <NavGroup key={group} group={group} items={items} />
        ))}
      </nav>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function TopBar() {
  const state = useStore(session);
  const chosen = useStore(theme);
  const leave = () => logout().catch((error: Error) => toast(error.message, 'bad'));
  return (
    <header class="top">
      <a class="brand" href={href('/')}>
        <span class="mark" aria-hidden="true" />
        {text.product}
      </a>
      <RealmSwitcher />
      <span class="space" />
      <Button kind="quiet" label={text.keys.title} onClick={showShortcuts}>
        <kbd>?</kbd>
      </Button>
      <Button
        kind="quiet"
        icon={THEME_ICONS[chosen]}
        label={text.theme[chosen]}
        onClick={nextTheme}
      />
      {state.is === 'in' && <span class="who">{state.session.username}</span>}
      <Button kind="quiet" icon="out" label={text.logout} onClick={() => void leave()} />
    </header>
  );
}

function NavGroup({ group, items }: { group: string; items: readonly NavItem[] }) {
  const { path } = usePlace();
  const realm = useRealm();
  return (
    <section>
      <h2>{group}</h2>
      <ul>
        {items.map((item) => (
          <NavLink key={item.key} item={item} to={item.to(realm)} path={path} />
        ))}
      </ul>
    </section>
  );
}

function NavLink({ item, to, path }: { item: NavItem; to: string; path: string }) {
  useShortcut(`g ${item.key}`, text.keys.goTo(item.title), () => go(to));
  const here = item.exact ? path === to : path === to || path.startsWith(`${to}/`);
  const allowed = may(item.needs);
  return (
    <li>
      <a
        href={allowed ? href(to) : undefined}
        aria-current={here ? 'page' : undefined}
        aria-disabled={allowed ? undefined : 'true'}
        role={allowed ? undefined : 'link'}
        title={allowed ? undefined : text.denied(item.needs)}
      >
        <Icon name={item.icon} />
        {item.title}
      </a>
    </li>
  );
}
