// What is typed stays, and means what it says, while answers are under way or do not come.
import assert from 'node:assert/strict';
import { shows, withNode } from './support/fixture.mjs';

withNode();

const DEMO = '/realms/com.example.demo';
let made = false;

async function prepare(node) {
  if (made) return;
  made = true;
  await node.ask('POST', `${DEMO}/groups`, { name: 'night-shift' });
  await node.ask('POST', `${DEMO}/groups`, { name: 'a-team' });
  await node.ask('POST', `${DEMO}/users`, { username: 'typist' });
  await node.ask('POST', `${DEMO}/clients`, { client_id: 'robot', grant_types: ['client_credentials'] });
}

/** Holds back what is asked from now on at addresses that end so, until `release`; `begun` when something is. */
async function hold(page, end) {
  const held = {};
  const begun = new Promise((resolve) => (held.tell = resolve));
  const open = new Promise((resolve) => (held.release = resolve));
  const matches = (url) => url.href.endsWith(end);
  await page.route(matches, async (route) => {
    if (route.request().method() !== 'GET') return route.continue();
    held.tell();
    await open;
    return route.continue().catch(() => undefined);
  });
  return { begun, release: () => (held.release(), page.unroute(matches, { behavior: 'wait' })) };
}

const OBJECTS = [
  { path: DEMO, label: 'Description', typed: 'half', more: ' a sentence', of: (realm) => realm.description },
  { path: `${DEMO}/users/typist`, tab: 'General', label: 'Meta', typed: '{"half": 1', more: '1}', of: ({ meta }) => JSON.stringify(meta) },
  { path: `${DEMO}/groups/night-shift`, tab: 'General', label: 'Meta', typed: '{"half": 1', more: '1}', of: ({ meta }) => JSON.stringify(meta) },
  { path: `${DEMO}/clients/robot`, label: 'Name', typed: 'half', more: ' a name', of: (client) => client.name },
];

for (const { path, tab, label, typed, more, of } of OBJECTS)
  shows(`what is typed while ${path.split('/').at(-1)} is asked for again stays, and is saved next`, async (console, page, node) => {
    await prepare(node);
    await console.enter(path);
    if (tab) await page.getByRole('tab', { name: tab }).click();
    const field = page.getByLabel(label, { exact: true });
    const first = typed.startsWith('{') ? `${typed}}` : typed;
    await field.fill(first);
    const again = await hold(page, path);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await again.begun;
    await field.fill(typed + more);
    await again.release();
    await page.getByText('Not saved').waitFor();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Not saved').waitFor({ state: 'detached' });
    const wanted = typed.startsWith('{') ? JSON.stringify(JSON.parse(typed + more)) : typed + more;
    assert.equal(of(await node.ask('GET', path)), wanted);
    assert.equal(await page.getByRole('dialog').count(), 0);
  });

shows('what was saved by keyboard leaves the cursor where it is', async (console, page, node) => {
  await prepare(node);
  await console.enter(DEMO);
  const field = page.getByLabel('Description');
  await field.fill('by keyboard');
  await page.keyboard.press('Control+s');
  await page.getByText('Not saved').waitFor({ state: 'detached' });
  await field.and(page.locator(':focus')).waitFor();
});

for (const [path, other] of [
  [`${DEMO}/users/typist`, 'Rights'],
  [`${DEMO}/groups/a-team`, 'Members'],
])
  shows(`behind the tab ${other} the form keeps what is typed`, async (console, page, node) => {
    await prepare(node);
    await console.enter(path);
    await page.getByRole('tab', { name: 'General' }).click();
    await page.getByLabel('Meta').fill('{"half": "a thought"}');
    await page.getByRole('tab', { name: other }).click();
    await page.getByLabel('Meta').waitFor({ state: 'hidden' });
    await page.getByRole('tab', { name: 'General' }).click();
    assert.equal(await page.getByLabel('Meta').inputValue(), '{"half": "a thought"}');
  });

shows('a refusal of asking again takes nothing away that is typed', async (console, page, node) => {
  console.expected = /status of 503/;
  await node.ask('POST', '/realms', { uri: 'com.example.refusing' });
  await console.enter('/realms/com.example.refusing');
  const field = page.getByLabel('Description');
  await field.fill('saved');
  const again = (url) => url.href.endsWith('/realms/com.example.refusing');
  await page.route(again, (route) =>
    route.request().method() === 'GET'
      ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"detail": "the store is away"}' })
      : route.continue(),
  );
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('alert').getByText('the store is away').waitFor();
  await field.fill('typed on');
  await page.unroute(again);
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('alert').waitFor({ state: 'detached' });
  assert.equal(await field.inputValue(), 'typed on');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Not saved').waitFor({ state: 'detached' });
  assert.equal((await node.ask('GET', '/realms/com.example.refusing')).description, 'typed on');
});

shows('a name that is typed and chosen at once is that name', async (console, page, node) => {
  await prepare(node);
  await console.enter(`${DEMO}/users/typist`);
  const groups = page.getByRole('combobox', { name: 'Groups' });
  await groups.click();
  await page.getByRole('option', { name: 'a-team' }).waitFor();
  let found = await hold(page, 'filter=night&limit=8');
  await groups.fill('night');
  await groups.press('Enter');
  await page.getByRole('button', { name: 'Take night-shift away' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Take a-team away' }).count(), 0);
  await found.release();
  await page.getByRole('button', { name: 'Take night-shift away' }).click();

  const realm = page.getByRole('combobox', { name: 'Realm' });
  await realm.click();
  await page.getByRole('option', { name: 'com.leapsight.bondy' }).waitFor();
  found = await hold(page, 'filter=bondy&limit=12');
  await realm.fill('bondy');
  await realm.press('Enter');
  await page.waitForURL(/com\.leapsight\.bondy\/users/);
  await found.release();
});

shows('a search is gone on with after it found nothing, and keeps its spaces', async (console, page) => {
  await console.enter('/realms');
  await page.getByRole('link', { name: 'com.example.demo' }).waitFor();
  const field = page.getByRole('searchbox');
  await field.fill('nowhere ');
  await page.getByText('Nothing matches “nowhere”').waitFor();
  assert.equal(await field.inputValue(), 'nowhere ');
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Backspace');
  await page.getByRole('link', { name: 'com.example.demo' }).waitFor();
  await field.and(page.locator(':focus')).waitFor();
  await page.keyboard.type('bondy');
  await page.getByRole('link', { name: 'com.example.demo' }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'com.leapsight.bondy' }).waitFor();
});

shows('what is deleted is not asked about', async (console, page, node) => {
  await node.ask('POST', '/realms', { uri: 'com.example.going' });
  await console.enter('/realms/com.example.going');
  await page.getByLabel('Description').fill('typed, and not saved');
  await page.getByRole('button', { name: 'Delete realm' }).click();
  await page.getByLabel('Type com.example.going to confirm').fill('com.example.going');
  // Behind a dialog nothing is saved.
  await page.keyboard.press('Control+s');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete realm' }).click();
  await page.getByRole('heading', { name: 'Realms' }).waitFor();
  assert.equal(await page.getByText('Saved.').count(), 0);
});

shows('what is typed quickly in the editor is what is there', async (console, page) => {
  await console.enter('/new/api');
  const editor = page.getByRole('textbox', { name: 'Specification' });
  await editor.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('half: a thought that is typed faster than it is drawn');
  // The server is asked when the text has been the same for a while.
  await page.getByRole('region', { name: 'Problems' }).getByText('half').first().waitFor();
  assert.match(await editor.innerText(), /^half: a thought that is typed faster than it is drawn\s*$/);
});
