// What the console does with who may little, with hostile names, and with much.
import assert from 'node:assert/strict';
import { shows, withNode } from './support/fixture.mjs';

withNode();

const MASTER = '/realms/com.leapsight.bondy';
const READS = [
  'bondy.http_gateway.api.list',
  'bondy.http_gateway.api.get',
  'bondy.http_gateway.api.versions',
  'bondy.realm.list',
  'bondy.realm.get',
];

async function makeReader(node) {
  await node.ask('POST', `${MASTER}/users`, { username: 'reader', password: 'only-reads-9' });
  for (const uri of READS)
    await node.ask('POST', `${MASTER}/grants`, {
      permissions: ['wamp.call'],
      roles: ['user/reader'],
      uri,
      match: 'exact',
    });
}

shows('who may only read sees each write switched off, with the reason', async (console, page, node) => {
  await makeReader(node);
  await console.go('/apis');
  await console.login('reader', 'only-reads-9');
  const off = async (name) => {
    const button = page.getByRole('button', { name }).first();
    await button.waitFor();
    assert.equal(await button.getAttribute('aria-disabled'), 'true', name);
    assert.match(await button.getAttribute('title'), /no grant to call bondy\./);
  };
  await off('New API');
  await console.look('reader-apis');
  await console.go('/apis/com.example.demo');
  await off('Delete API');
  await page.getByRole('tab', { name: 'Specification' }).click();
  await off('Publish…');
  await page.getByRole('tab', { name: 'Try it' }).click();
  await off('Send');
  await console.go('/realms/com.example.demo');
  await off('Save changes');
  await off('Delete realm');
  await console.go('/new/realm');
  await page.getByText('Your account has no grant to call bondy.realm.create.').waitFor();
  await console.look('reader-denied');
});

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  '{{constructor.constructor("alert(1)")()}}',
  'javascript:alert(1)',
];

shows('hostile names are text wherever they are shown', async (console, page, node) => {
  page.on('dialog', (dialog) => {
    console.trouble.push(`alert: ${dialog.message()}`);
    void dialog.dismiss();
  });
  for (const [i, name] of HOSTILE.entries()) {
    await node.ask('POST', '/realms', { uri: `com.example.hostile${i}`, description: name });
    await node.ask('POST', `/api_specs?comment=${encodeURIComponent(name)}`, {
      id: `com.example.hostile${i}`,
      name,
      host: '_',
      realm_uri: 'com.example.demo',
      versions: { 1: { base_path: `/hostile${i}`, info: { title: name }, paths: {} } },
    });
  }
  await console.enter('/realms?filter=hostile');
  for (const name of HOSTILE) await page.getByRole('cell', { name, exact: true }).waitFor();
  await console.go('/apis?filter=hostile');
  for (const name of HOSTILE) await page.getByRole('link', { name, exact: true }).waitFor();
  await console.look('hostile-names');
  for (const [i, name] of HOSTILE.entries()) {
    await console.go(`/apis/com.example.hostile${i}?tab=versions`);
    await page.getByRole('heading', { name, exact: true }).waitFor();
    await page.getByRole('cell', { name, exact: true }).waitFor();
  }
  await console.go(`/<script>alert(1)</script>`);
  await page.getByText('The console has no screen').waitFor();
});

shows('a thousand routes are there within a second, and few of them in the document', async (console, page, node) => {
  const paths = {};
  for (let i = 0; i < 1000; i++)
    paths[`/thing${String(i).padStart(4, '0')}`] = {
      get: { action: { type: 'static' }, response: { on_result: { body: { i } } } },
    };
  await node.ask('POST', '/api_specs', {
    id: 'com.example.many',
    name: 'Many',
    host: '_',
    realm_uri: 'com.example.demo',
    versions: { 1: { base_path: '/many', paths } },
  });
  await console.enter('/apis');
  await page.getByRole('link', { name: 'Many' }).waitFor();
  const began = Date.now();
  await page.getByRole('link', { name: 'Many' }).click();
  await page.getByRole('link', { name: '/many/thing0000' }).waitFor();
  const took = Date.now() - began;
  globalThis.console.log(`# a thousand routes are there after ${took} ms`);
  assert.ok(took < 1000 * Number(process.env.POSTERN_E2E_PATIENCE ?? 1), `${took} ms`);
  assert.ok((await page.getByRole('row').count()) < 100);
  await page.mouse.wheel(0, 1_000_000);
  await page.getByRole('link', { name: '/many/thing0999' }).waitFor();
  await page.getByRole('searchbox').fill('thing0500');
  await page.getByRole('link', { name: '/many/thing0500' }).waitFor();
  await page.getByText('1 of 1,000').waitFor();
});

shows('long names fit a narrow window, whole or with the rest on hover', async (console, page, node) => {
  const long = `robot-${'y'.repeat(180)}`;
  const realm = '/realms/com.example.demo';
  await node.ask('POST', `${realm}/clients`, { client_id: long, name: 'Robot', grant_types: ['client_credentials'] });
  await page.setViewportSize({ width: 400, height: 800 });
  await console.enter(`${realm}/clients/${long}`);
  await page.getByText(long).waitFor();
  const beyond = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.equal(await beyond(), 0);
  await console.look('client-narrow');
  await console.go('/apis/com.example.demo');
  const route = page.getByRole('link', { name: '/demo/hello/:name' }).locator('.route');
  await route.waitFor();
  assert.match(await route.getAttribute('title'), /\/demo\/hello\/:name$/);
  assert.equal(await beyond(), 0);
});

shows('of more grants than are shown at once it is said that there are others', async (console, page) => {
  await page.route(
    (url) => url.pathname.endsWith('/grants'),
    async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'x-total-count': '12345' } });
    },
  );
  await console.enter('/realms/com.leapsight.bondy/grants');
  await page.getByText('more than is shown at once').waitFor();
});
