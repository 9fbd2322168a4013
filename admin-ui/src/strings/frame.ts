// What the frame and the kit say.
export const frame = {
  product: 'Postern',
  skip: 'Skip to content',
  up: 'Breadcrumb',
  loading: 'Loading…',
  close: 'Close',
  cancel: 'Cancel',
  again: 'Try again',
  logout: 'Log out',
  yes: 'Yes',
  no: 'No',

  denied: (procedure: string) => `Your account has no grant to call ${procedure}.`,
  deniedTitle: 'Not allowed',
  deniedBody: 'An administrator can change that:',
  deniedRemedy: (procedure: string, username: string) =>
    `postern grant create wamp.call ${procedure} --realm com.leapsight.bondy --to ${username}`,
  nowhere: {
    title: 'Nothing is here',
    body: (path: string) => `The console has no screen ${path}.`,
  },
  unsaved: {
    title: 'Leave without saving?',
    body: 'What you changed here has not been saved.',
    yes: 'Discard changes',
    no: 'Keep editing',
  },

  login: {
    lead: 'Log in as a user of the master realm.',
    again: 'Log in again',
    kept: 'Your session has ended. What you typed is still here.',
    username: 'User name',
    password: 'Password',
    action: 'Log in',
  },
  connection: {
    away: 'No answer',
    banner: 'The node does not answer. Trying again; nothing you typed is lost.',
    noAnswer: 'The node did not answer, so it is not known whether this was done. Look, then try again.',
  },
  theme: {
    auto: 'Theme: as the system. Change to light',
    light: 'Theme: light. Change to dark',
    dark: 'Theme: dark. Change to automatic',
  },
  nav: { label: 'Main', gateway: 'Gateway', realm: 'Realm', node: 'Node' },
  realmSwitcher: { label: 'Realm', find: 'Find a realm' },
  keys: {
    title: 'Keyboard shortcuts',
    help: 'This help',
    save: 'Save',
    search: 'Search',
    realm: 'Switch realm',
    down: 'Next row',
    up: 'Previous row',
    goTo: (screen: string) => `Go to ${screen}`,
  },

  copy: { copy: 'Copy', copied: 'Copied', failed: 'The browser did not let us copy.' },
  picker: {
    find: 'Type to search',
    chosen: (label: string) => `Chosen: ${label}`,
    drop: (name: string) => `Take ${name} away`,
  },
  secret: { have: 'I have it' },
  confirm: {
    takes: 'With it go:',
    label: (name: string) => `Type ${name} to confirm`,
    first: (name: string) => `Type ${name} first`,
  },
  conflict: {
    title: 'Somebody else has changed this meanwhile',
    body: 'Lines with − are there now, lines with + are yours.',
    diff: 'Theirs and yours',
    edit: 'Keep editing',
    theirs: 'Discard mine',
    mine: 'Replace theirs with mine',
  },
  diff: { none: 'No difference.', added: 'added', removed: 'removed', changed: 'changed' },
  form: {
    wrong: (n: number) => (n === 1 ? 'One thing to mend' : `${n} things to mend`),
    unsaved: 'Not saved yet',
    required: (label: string) => `${label} is needed.`,
  },
  list: {
    search: (what: string) =>
      `Search ${what.replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase())}`,
    count: (here: number, total: number | undefined) =>
      total === undefined || total <= here ? `${here.toLocaleString()} in all` : `${here.toLocaleString()} of ${total.toLocaleString()}`,
    more: 'Show more',
    showAll: 'Show all',
    noneFound: (filter: string) => `Nothing matches “${filter}”`,
  },
  problem: {
    here: 'The console made a mistake',
    request: 'request',
    copy: 'Copy details',
    error: 'Error',
    warning: 'Warning',
    meant: (name: string) => `Did you mean ${name}?`,
    allowed: (names: string) => `Allowed: ${names}`,
  },

  chart: {
    label: (title: string) => `${title}, the last two minutes; arrow keys go through the seconds`,
    now: 'Now',
    ago: (seconds: number) => (seconds === 0 ? 'now' : `${seconds / 60} min ago`),
  },
};
