// Users, groups, grants and sources of a realm in the console, with names that are made to hurt.
import assert from 'node:assert/strict';
import { shows, withNode } from './support/fixture.mjs';

withNode();

const REALM = 'com.example.people';
const R = `/realms/${REALM}`;
/** What must be text wherever it is shown. */
const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  "'-alert(1)-'",
  'javascript:alert(1)',
  '\u202Eevil\u202C \u200Fright to left',
  '\u{1F469}\u200D\u{1F680} \u{1F3F4}\u200D\u2620\uFE0F',
  'w'.repeat(4096),
  '{{7*7}}${7*7}',
];
let made = false;

async function people(node) {
  if (made) return;
  made = true;
  await node.ask('POST', '/realms', {
    uri: REALM,
    authmethods: ['password', 'wampcra', 'api_key'],
    groups: [{ name: 'staff', groups: ['everyone'] }, { name: 'everyone' }, { name: 'chiefs' }],
    users: [
      { username: 'ann', password: 'ann-secret', groups: ['staff', 'chiefs'] },
      { username: 'ben', enabled: false },
    ],
    sources: [{ usernames: 'all', authmethod: 'password', cidr: '10.0.0.0/8' }],
    grants: [
      { permissions: ['wamp.call', 'wamp.cancel'], uri: 'com.shop', match: 'prefix', roles: ['group/staff'] },
      { permissions: ['wamp.subscribe'], resources: 'any', roles: ['user/ann'] },
    ],
  });
}

async function pick(page, scope, label, typed, option) {
  const field = scope.getByRole('combobox', { name: label });
  await field.fill(typed);
  await scope.getByRole('listbox', { name: label }).getByRole('option', { name: option, exact: true }).click();
}

shows('a user is made, put into a group, kept out, and deleted with what is his', async (console, page, node) => {
  await people(node);
  await console.enter(`${R}/users`);
  await page.getByRole('link', { name: 'ann', exact: true }).waitFor();
  await console.look('users');
  await page.getByRole('combobox', { name: 'Realm' }).fill('example');
  await page.getByRole('option', { name: REALM }).waitFor();
  await console.look('realm-switcher');
  await page.getByRole('combobox', { name: 'Realm' }).fill('example.demo');
  await page.getByRole('option', { name: 'com.example.demo' }).click();
  await page.waitForURL(/com\.example\.demo\/users$/);
  await page.getByRole('link', { name: 'ann', exact: true }).waitFor({ state: 'detached' });
  await page.goBack();
  await page.getByRole('link', { name: 'New user' }).click();
  await page.getByLabel('User name').fill('cy');
  await page.getByLabel('Password').fill('short');
  await page.getByLabel('Meta').fill('[1]');
  await page.getByRole('button', { name: 'Create user' }).click();
  await page.getByRole('alert').and(page.locator(':focus')).waitFor();
  await console.look('user-new');
  await page.getByLabel('User name').fill('Cyd');
  await page.getByLabel('Password').fill('cyd-secret');
  await page.getByLabel('Meta').fill(JSON.stringify({ note: HOSTILE[0] }));
  await pick(page, page, 'Groups', 'sta', 'staff');
  await page.getByRole('button', { name: 'Create user' }).click();
  await page.getByRole('heading', { name: 'cyd' }).waitFor();
  const user = await node.ask('GET', `${R}/users/cyd`);
  assert.deepEqual(user.groups, ['staff']);
  assert.equal(user.meta.note, HOSTILE[0]);

  await pick(page, page, 'Groups', 'chi', 'chiefs');
  await page.getByRole('button', { name: 'Take staff away' }).click();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Saved.').waitFor();
  assert.deepEqual((await node.ask('GET', `${R}/users/cyd`)).groups, ['chiefs']);
  await console.look('user');

  await page.getByRole('button', { name: 'Disable…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await page.getByText('cyd is kept out.').waitFor();
  assert.equal(await node.ask('GET', `${R}/users/cyd/enabled`), false);
  await page.getByRole('button', { name: 'Enable' }).click();
  await page.getByText('cyd may come in.').waitFor();

  await node.ask('POST', `${R}/grants`, { permissions: ['wamp.call'], uri: 'com.x', roles: ['user/cyd'] });
  await page.getByRole('button', { name: 'Delete user' }).click();
  await page.getByRole('dialog').getByText('1 grant').waitFor();
  await console.look('user-delete');
  await page.getByLabel('Type cyd to confirm').fill('cyd');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete user' }).click();
  await page.getByText('cyd is gone.').waitFor();
});

shows('passwords and keys: a new password, an authorized key, an API key that is shown once', async (console, page, node) => {
  await people(node);
  await console.enter(`${R}/users/ann?tab=access`);
  await page.getByRole('button', { name: 'Change password' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('New password').fill('another-1');
  await dialog.getByLabel('Once more').fill('another-2');
  await dialog.getByRole('button', { name: 'Change password' }).click();
  await dialog.getByText('The two differ.').waitFor();
  await console.look('user-password');
  await dialog.getByLabel('Once more').fill('another-1');
  await dialog.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('ann has a new password.').waitFor();

  await page.getByRole('button', { name: 'Add key' }).click();
  await dialog.getByLabel('Public key').fill('no key');
  await dialog.getByRole('button', { name: 'Add key' }).click();
  await dialog.getByText('An Ed25519 public key').first().waitFor();
  const key = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
  await dialog.getByLabel('Public key').fill(key.toUpperCase());
  await dialog.getByRole('button', { name: 'Add key' }).click();
  await page.getByText('The key is added.').waitFor();
  assert.deepEqual((await node.ask('GET', `${R}/users/ann`)).authorized_keys, [key]);

  await page.getByRole('button', { name: 'New API key' }).click();
  await dialog.getByLabel('Name').fill(HOSTILE[1]);
  await dialog.getByRole('button', { name: 'Make key' }).click();
  await page.getByRole('dialog', { name: 'The new API key' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  const secret = await dialog.locator('code').innerText();
  assert.match(secret, /^pk_[0-9a-f]+_[0-9a-f]+$/);
  await console.look('api-key-made');
  await dialog.getByRole('button', { name: 'I have it' }).click();
  await page.getByRole('cell', { name: HOSTILE[1] }).waitFor();
  assert.ok(!(await page.content()).includes(secret));
  await console.look('user-access');
  await page.getByRole('button', { name: 'Revoke… pk_' }).click();
  await dialog.getByRole('button', { name: 'Revoke key' }).click();
  await page.getByText('The key is revoked.').waitFor();
  assert.deepEqual(await node.ask('GET', `${R}/users/ann/api_keys`), []);
  await page.getByRole('button', { name: 'Remove key d75a9801…' }).click();
  await dialog.getByRole('button', { name: 'Remove key' }).click();
  await page.getByText('The key is removed.').waitFor();

  await page.getByRole('tab', { name: 'Rights' }).click();
  await page.getByRole('cell', { name: 'com.shop', exact: true }).waitFor();
  await console.look('user-rights');
});

shows('two who change one user: the later one sees both and loses nothing', async (console, page, node) => {
  await people(node);
  await node.ask('POST', `${R}/users`, { username: 'both' });
  await console.enter(`${R}/users/both`);
  await page.getByLabel('Meta').fill('{"mine": 1}');
  await node.ask('PUT', `${R}/users/both`, { meta: { theirs: 2 } });
  await page.getByRole('button', { name: 'Save changes' }).click();
  const conflict = page.getByRole('dialog', { name: /Somebody else/ });
  await conflict.waitFor();
  assert.match(await conflict.innerText(), /theirs[^]*mine/);
  await console.look('user-conflict');
  await conflict.getByRole('button', { name: 'Keep editing' }).click();
  assert.equal(await page.getByLabel('Meta').inputValue(), '{"mine": 1}');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await conflict.getByRole('button', { name: 'Replace theirs with mine' }).click();
  await page.getByText('Saved.').waitFor();
  assert.deepEqual((await node.ask('GET', `${R}/users/both`)).meta, { mine: 1 });
});

shows('a group is made and nested, has members added and taken out, and is deleted', async (console, page, node) => {
  await people(node);
  await console.enter(`${R}/groups`);
  await page.getByRole('link', { name: 'chiefs' }).waitFor();
  await console.look('groups');
  await page.getByRole('link', { name: 'New group' }).click();
  await page.getByLabel('Name').fill('a/b');
  await page.getByRole('button', { name: 'Create group' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Name').fill('night');
  await pick(page, page, 'Nested groups', 'ev', 'everyone');
  await page.getByRole('button', { name: 'Create group' }).click();
  await page.getByRole('heading', { name: 'night' }).waitFor();
  await page.getByText('Nobody is in it').waitFor();
  await console.look('group-empty');
  await page.getByRole('button', { name: 'Add members' }).click();
  const dialog = page.getByRole('dialog');
  await pick(page, dialog, 'Users', 'an', 'ann');
  await pick(page, dialog, 'Users', 'be', 'ben');
  await console.look('group-add');
  await dialog.getByRole('button', { name: 'Add members' }).click();
  await page.getByText('2 users are in.').waitFor();
  await page.getByRole('link', { name: 'ben' }).waitFor();
  await console.look('group');
  await page.getByRole('button', { name: 'Take out… ben' }).click();
  await dialog.getByRole('button', { name: 'Take out', exact: true }).click();
  await page.getByRole('link', { name: 'ben' }).waitFor({ state: 'detached' });
  await page.getByRole('tab', { name: 'General' }).click();
  await page.getByRole('button', { name: 'Take everyone away' }).click();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Saved.').waitFor();
  assert.deepEqual((await node.ask('GET', `${R}/groups/night`)).groups, []);
  await page.getByRole('button', { name: 'Delete group' }).click();
  await dialog.getByText('1 membership').waitFor();
  await console.look('group-delete');
  await page.getByLabel('Type night to confirm').fill('night');
  await dialog.getByRole('button', { name: 'Delete group' }).click();
  await page.getByText('Group night is gone.').waitFor();
  assert.ok(!(await node.ask('GET', `${R}/users/ann`)).groups.includes('night'));

  await console.go(`${R}/groups/resource_owners`);
  await page.getByRole('button', { name: 'Delete group' }).and(page.locator('[aria-disabled]')).waitFor();
});

shows('grants by role and by resource, granted with examples, taken back in part', async (console, page, node) => {
  await people(node);
  await console.enter(`${R}/grants`);
  await page.getByRole('link', { name: 'group/staff' }).waitFor();
  await console.look('grants');
  await page.getByRole('tab', { name: 'By resource' }).click();
  await page.getByRole('columnheader').first().getByText('Resource').waitFor();
  await console.look('grants-by-resource');

  await page.getByRole('button', { name: 'New grant' }).click();
  const dialog = page.getByRole('dialog');
  await pick(page, dialog, 'Roles', 'chi', 'group/chiefs');
  await dialog.getByLabel('Match').selectOption('prefix');
  await dialog.getByLabel('URI').fill('com.orders.');
  assert.match(await dialog.getByRole('status').innerText(), /com\.orders\.get[^]*not covered:\s+com\.orders$/);
  await dialog.getByLabel('Match').selectOption('wildcard');
  await dialog.getByLabel('URI').fill('com..get');
  await dialog.getByText('com.orders.get', { exact: false }).first().waitFor();
  await dialog.getByRole('checkbox', { name: /wamp\.publish/ }).check();
  await console.look('grant-new');
  await dialog.getByRole('button', { name: 'Grant', exact: true }).click();
  await page.getByRole('cell', { name: 'com..get', exact: true }).waitFor();
  await page.getByRole('searchbox').fill('chiefs');
  await page.getByRole('cell', { name: 'com.shop', exact: true }).waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Revoke… group/chiefs com..get' }).click();
  await dialog.getByRole('checkbox', { name: /wamp\.call/ }).uncheck();
  await console.look('grant-revoke');
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.getByText('Revoked, and in force.').waitFor();
  const left = await node.ask('GET', `${R}/grants?filter=group/chiefs`);
  assert.deepEqual(left.map(({ permissions }) => permissions), [['wamp.call']]);
});

shows('what a grant is said to cover, and not to, is what the server says', async (console, page, node) => {
  await people(node);
  await node.ask('POST', `${R}/users`, { username: 'tester' });
  await console.enter(`${R}/grants`);
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  const cases = [
    ['exact', 'com.a'],
    ['prefix', 'com.a'],
    ['prefix', 'com.a.'],
    ['wildcard', 'com..get'],
    ['wildcard', '.b.'],
    ['wildcard', 'com.a.b'],
  ];
  for (const [match, uri] of cases) {
    await dialog.getByLabel('Match').selectOption(match);
    await dialog.getByLabel('URI').fill(uri);
    const examples = await dialog.getByRole('status').locator('> span').allInnerTexts();
    assert.ok(examples.length > 1, `${match} ${uri}`);
    const grant = { permissions: ['wamp.register'], uri, match, roles: ['user/tester'] };
    await node.ask('POST', `${R}/grants`, grant);
    for (const example of examples) {
      const [, said, resource] = /(not covered|covered):\s+(\S+)/.exec(example);
      const question = { authid: 'tester', permission: 'wamp.register', resource };
      const { allowed } = await node.ask('POST', `${R}/grants/test`, question);
      assert.equal(allowed, said === 'covered', `${match} ${uri}: ${resource}`);
    }
    await node.ask('PUT', `${R}/grants`, grant);
  }
});

shows('two who change the keys of one user: what the other did is seen', async (console, page, node) => {
  await people(node);
  const [mine, theirs] = ['a', 'b'].map((digit) => digit.repeat(64));
  await node.ask('POST', `${R}/users`, { username: 'keys' });
  await console.enter(`${R}/users/keys?tab=access`);
  await page.getByRole('button', { name: 'Add key' }).click();
  await page.getByLabel('Public key').fill(mine);
  await node.ask('PUT', `${R}/users/keys`, { authorized_keys: [theirs] });
  await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
  const conflict = page.getByRole('dialog', { name: /Somebody else/ });
  await conflict.getByRole('button', { name: 'Discard mine' }).click();
  await page.getByText(theirs).waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual((await node.ask('GET', `${R}/users/keys`)).authorized_keys, [theirs]);
});

shows('may somebody: by which grant, or what is missing, and then it is granted', async (console, page, node) => {
  await people(node);
  await console.enter(`${R}/grants?tab=test`);
  await pick(page, page, 'Who', 'ann', 'user/ann');
  await page.getByLabel('URI').fill('com.shop.buy');
  await page.getByRole('button', { name: 'Ask' }).click();
  const answer = page.getByRole('region', { name: 'Answer' });
  await answer.getByText('Yes', { exact: true }).waitFor();
  await answer.getByRole('link', { name: 'group/staff' }).waitFor();
  await console.look('may-yes');
  await pick(page, page, 'Who', 'group/every', 'group/everyone');
  await page.getByRole('button', { name: 'Ask' }).click();
  await answer.getByText('No', { exact: true }).waitFor();
  await answer.getByText('group everyone in', { exact: false }).waitFor();
  await console.look('may-no');
  await answer.getByRole('button', { name: 'Grant it…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Grant', exact: true }).click();
  await answer.getByText('Yes', { exact: true }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Take group/everyone away' }).waitFor();
  assert.equal(await page.getByLabel('URI').inputValue(), 'com.shop.buy');
});

shows('a source is added and one method of it deleted', async (console, page, node) => {
  await people(node);
  await console.enter(`${R}/sources`);
  await page.getByRole('button', { name: 'New source' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: 'Who' }).and(page.locator(':focus')).waitFor();
  await page.keyboard.type('a');
  await dialog.getByRole('listbox').getByRole('option', { name: 'anonymous' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Take all away' }).waitFor();
  await dialog.getByLabel('Method').selectOption('wampcra');
  await dialog.getByLabel('From').fill('10.0.0.0/8');
  await dialog.getByLabel('Note').fill(HOSTILE[0]);
  await console.look('source-new');
  await dialog.getByRole('button', { name: 'Add source' }).click();
  await page.getByRole('cell', { name: HOSTILE[0] }).waitFor();
  await console.look('sources');
  await page.getByRole('button', { name: 'Delete… all wampcra 10.0.0.0/8' }).click();
  await dialog.getByRole('button', { name: 'Delete source' }).click();
  await page.getByRole('cell', { name: HOSTILE[0] }).waitFor({ state: 'detached' });
  const left = await node.ask('GET', `${R}/sources`);
  assert.deepEqual(left.map(({ authmethod }) => authmethod), ['password']);
});

shows('whatever a name or a text is made of, it is text', async (console, page, node) => {
  const realm = 'com.example.hostile';
  await node.ask('POST', '/realms', { uri: realm, description: HOSTILE[0] });
  const names = [];
  const uris = ['com.<b>x</b>', "com.'onload=alert(1)", `com.${'u'.repeat(900)}`, 'com.\u{1F480}'];
  for (const uri of uris)
    await node.ask('POST', `/realms/${realm}/grants`, { permissions: ['wamp.call'], uri, match: 'exact', roles: 'all' });
  for (const [i, text] of HOSTILE.entries()) {
    const name = `${i} ${text}`;
    const group = await node
      .ask('POST', `/realms/${realm}/groups`, { name, meta: { description: text } })
      .catch((error) => assert.match(error.message, /: 400 /));
    if (group) names.push(group.name);
    await node.ask('POST', `/realms/${realm}/users`, { username: `user${i}`, meta: { [text]: text } });
    await node.ask('POST', `/realms/${realm}/sources`, {
      usernames: [`user${i}`],
      authmethod: 'password',
      meta: { description: text },
    });
    await node.ask('POST', `/realms/${realm}/users/user${i}/api_keys`, { name: text.slice(0, 30) });
  }
  assert.ok(names.length > 0);
  await console.enter(`/realms/${realm}/groups`);
  for (const name of names) await page.getByRole('link', { name, exact: true }).waitFor();
  await console.look('hostile-groups');
  await page.getByRole('link', { name: names[0], exact: true }).click();
  await page.getByRole('heading', { name: names[0] }).waitFor();
  await page.getByRole('button', { name: 'Add members' }).click();
  await page.getByRole('dialog').getByRole('combobox').fill(HOSTILE[1]);
  await page.keyboard.press('Escape');
  await console.go(`/realms/${realm}/sources`);
  await page.getByRole('cell', { name: HOSTILE[1] }).waitFor();
  await console.look('hostile-sources');
  for (const i of HOSTILE.keys()) {
    await console.go(`/realms/${realm}/users/user${i}?tab=access`);
    await page.getByRole('cell', { name: HOSTILE[i].slice(0, 30).trim() }).waitFor();
    await page.getByRole('tab', { name: 'General' }).click();
    assert.deepEqual(JSON.parse(await page.getByLabel('Meta').inputValue()), { [HOSTILE[i]]: HOSTILE[i] });
  }
  await console.look('hostile-user');
  await console.go(`/realms/${realm}/grants`);
  for (const uri of uris) await page.getByRole('cell', { name: uri, exact: true }).waitFor();
  await console.look('hostile-grants');
  await page.getByRole('button', { name: `Revoke… all ${uris[2]}` }).click();
  await page.getByRole('dialog').getByText(uris[2]).waitFor();
  await console.look('hostile-revoke');
  await page.keyboard.press('Escape');
  await console.go(`/realms/${realm}/users/${encodeURIComponent(HOSTILE[1])}`);
  await page.getByRole('alert').waitFor();
  await console.go(`/realms/${realm}/grants?filter=${encodeURIComponent(HOSTILE[0])}&tab=${encodeURIComponent(HOSTILE[1])}`);
  await page.getByText(`Nothing matches “${HOSTILE[0]}”`).waitFor();
});

shows('who may only look finds every write switched off, with the reason', async (console, page, node) => {
  await people(node);
  const master = '/realms/com.leapsight.bondy';
  await node.ask('POST', `${master}/users`, { username: 'looker', password: 'only-looks-1' });
  const reads = ['user', 'group', 'source', 'realm', 'api_key'].flatMap((kind) => [
    `bondy.${kind}.get`,
    `bondy.${kind}.list`,
  ]);
  for (const uri of [...reads, 'bondy.realm.grants', 'bondy.user.grants', 'bondy.source.match'])
    await node.ask('POST', `${master}/grants`, { permissions: ['wamp.call'], uri, roles: ['user/looker'] });
  await console.go(`${R}/users`);
  await console.login('looker', 'only-looks-1');
  const off = (name) => page.getByRole('button', { name, exact: true }).and(page.locator('[aria-disabled]')).waitFor();
  await off('New user');
  await console.go(`${R}/users/ann?tab=access`);
  for (const name of ['Disable…', 'Delete user', 'Change password', 'Add key', 'New API key']) await off(name);
  await page.getByRole('tab', { name: 'General' }).click();
  await off('Save changes');
  await console.look('user-reader');
  await console.go(`${R}/groups/staff`);
  for (const name of ['Add members', 'Delete group']) await off(name);
  await console.go(`${R}/sources`);
  await off('New source');
  await console.go(`${R}/grants`);
  await off('New grant');
  const why = page.getByRole('button', { name: 'New grant' });
  assert.match(await why.getAttribute('title'), /no grant to call bondy\.grant\.create/);
});

shows('ten thousand users: the list is there soon, and the search finds one', async (console, page, node) => {
  const users = Array.from({ length: 10_000 }, (_, i) => ({
    username: `user${String(i).padStart(5, '0')}`,
    groups: ['crowd'],
  }));
  await node.ask('POST', '/realms', { uri: 'com.example.crowd', groups: [{ name: 'crowd' }], users });
  await console.enter('/realms');
  const timed = async (place, found) => {
    const begin = performance.now();
    await console.go(place);
    await page.getByRole('link', { name: found }).waitFor();
    return Math.round(performance.now() - begin);
  };
  const took = {
    users: await timed('/realms/com.example.crowd/users', 'user00000'),
    members: await timed('/realms/com.example.crowd/groups/crowd', 'user00099'),
  };
  await page.getByText('100 of 10,000').waitFor();
  globalThis.console.log(`10,000 users: ${JSON.stringify(took)} ms until the first rows are there`);
  assert.ok(took.users < 20_000);
  await console.go('/realms/com.example.crowd/users');
  await page.getByRole('searchbox').fill('er09999');
  await page.getByRole('link', { name: 'user09999' }).waitFor();
  await page.getByText('1 in all').waitFor();
  await page.getByRole('searchbox').fill('');
  await page.getByRole('link', { name: 'user00099' }).waitFor();
  for (let i = 0; i < 3; i++) {
    await page.mouse.wheel(0, 20_000);
    await page.getByText(`${(i + 2) * 100} of 10,000`).waitFor();
  }
  await console.look('users-many');
});

shows('a name that a URL takes for the way up leads nowhere', async (console, page, node) => {
  await people(node);
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await console.enter(`${R}/groups`);
  await page.getByRole('link', { name: 'staff', exact: true }).waitFor();
  asked.length = 0;
  for (const name of ['..', '.', '%2e%2e', '%2E.']) {
    await console.go(`${R}/groups/${name}`);
    await page.getByText('Nothing is here').first().waitFor();
  }
  assert.deepEqual(asked.filter((path) => path === R || path === `${R}/groups/`), []);
});
