// Realms in the console, and what forms and lists do everywhere.
import assert from 'node:assert/strict';
import { shows, withNode } from './support/fixture.mjs';

withNode();

shows('a realm is made, changed and deleted with what is in it', async (console, page, node) => {
  await console.enter('/realms');
  await page.getByRole('link', { name: 'com.example.demo' }).waitFor();
  await console.look('realms');
  await page.getByRole('link', { name: 'New realm' }).click();
  await page.getByLabel('URI').fill('Not A URI');
  await page.getByRole('button', { name: 'Create realm' }).click();
  await page.getByRole('alert').and(page.locator(':focus')).waitFor();
  await console.look('realm-new');
  await page.getByLabel('URI').fill('com.example.made');
  await page.getByRole('button', { name: 'Create realm' }).click();
  await page.getByRole('heading', { name: 'com.example.made' }).waitFor();

  await page.getByLabel('Description').fill('<img src=x onerror=alert(1)>');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Saved.').waitFor();
  const realm = await node.ask('GET', '/realms/com.example.made');
  assert.equal(realm.description, '<img src=x onerror=alert(1)>');
  await console.look('realm');

  await node.ask('POST', '/realms/com.example.made/groups', { name: 'staff' });
  await page.getByRole('button', { name: 'Delete realm' }).click();
  await page.getByRole('dialog').getByText('1 group').waitFor();
  await console.look('realm-delete');
  await page.getByLabel('Type com.example.made to confirm').fill('com.example.made');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete realm' }).click();
  await page.getByText('Realm com.example.made is gone.').waitFor();
});

shows('two who change one realm: the later one sees both and loses nothing', async (console, page, node) => {
  await node.ask('POST', '/realms', { uri: 'com.example.both' });
  await console.enter('/realms/com.example.both');
  await page.getByLabel('Description').fill('mine');
  await node.ask('PUT', '/realms/com.example.both', { description: 'theirs' });
  await page.getByRole('button', { name: 'Save changes' }).click();
  const conflict = page.getByRole('dialog');
  assert.match(await conflict.innerText(), /theirs[^]*mine/);
  await conflict.getByRole('button', { name: 'Keep editing' }).click();
  assert.equal(await page.getByLabel('Description').inputValue(), 'mine');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await conflict.getByRole('button', { name: 'Replace theirs with mine' }).click();
  await page.getByText('Saved.').waitFor();
  assert.equal((await node.ask('GET', '/realms/com.example.both')).description, 'mine');
});

shows('what is not saved is asked about before one leaves', async (console, page) => {
  await console.enter('/realms/com.example.demo');
  await page.getByLabel('Description').fill('half a sentence');
  await page.getByRole('link', { name: 'APIs' }).click();
  await page.getByRole('dialog', { name: 'Leave without saving?' }).waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.getByLabel('Description').inputValue(), 'half a sentence');
  await page.getByRole('link', { name: 'APIs' }).click();
  await page.getByRole('button', { name: 'Discard changes' }).click();
  await page.getByRole('heading', { name: 'APIs' }).waitFor();
});

shows('the search is in the URL and survives a reload', async (console, page) => {
  await console.enter('/realms');
  await page.getByRole('link', { name: 'com.example.demo' }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('leapsight');
  await page.waitForURL(/filter=leapsight/);
  await page.getByRole('link', { name: 'com.example.demo' }).waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('link', { name: 'com.leapsight.bondy' }).waitFor();
  assert.equal(await page.getByRole('searchbox').inputValue(), 'leapsight');
});

shows('a session that has ended is begun again over what was typed', async (console, page) => {
  await console.enter('/realms/com.example.demo');
  await page.getByLabel('Description').fill('typed before');
  await console.context.clearCookies();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('dialog', { name: 'Log in again' }).waitFor();
  await console.look('login-again');
  await page.locator('input[name=password]').fill('wrong');
  await page.getByRole('dialog').getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').waitFor();
  await console.login();
  await page.getByText('Saved.').waitFor();
  assert.equal(await page.getByLabel('Description').inputValue(), 'typed before');
});

shows('the keyboard goes everywhere and says how', async (console, page) => {
  await console.enter('/apis');
  await page.getByRole('link', { name: 'Demo' }).waitFor();
  await page.keyboard.press('j');
  await page.getByRole('link', { name: 'Demo' }).and(page.locator(':focus')).waitFor();
  await page.keyboard.type('gr');
  await page.getByRole('heading', { name: 'Realms' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await console.look('shortcuts');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

shows('logging in and out', async (console, page) => {
  await console.go();
  await page.getByLabel('User name').waitFor();
  await console.look('login');
  await console.login('admin', 'wrong');
  await page.getByRole('alert').waitFor();
  await console.login();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.evaluate(() => (window.left = 'behind'));
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForFunction(() => window.left === undefined);
  await page.getByLabel('User name').waitFor();
  await page.reload();
  await page.getByLabel('User name').waitFor();
});
