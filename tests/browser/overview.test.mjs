// How the node does, which nodes there are, and who did what, in the console.
import assert from 'node:assert/strict';
import { shows, withNode } from './support/fixture.mjs';

const HOSTILE = '<img src=x onerror=alert(1)>';

withNode();

/** The streams that the page has opened and not closed. */
async function countStreams(page) {
  await page.addInitScript(() => {
    window.streams = 0;
    window.EventSource = class extends EventSource {
      constructor(...given) {
        super(...given);
        window.streams++;
      }
      close() {
        if (this.readyState !== 2) window.streams--;
        super.close();
      }
    };
  });
}

const streams = (page, wanted) => page.waitForFunction((n) => window.streams === n, wanted);

shows('the overview is live: what is asked of the node is seen within seconds', async (console, page, node) => {
  await countStreams(page);
  await console.enter();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  await streams(page, 1);
  for (let i = 0; i < 40; i++) await fetch(`${node.gateway}/demo/hello/Ada`);
  for (let i = 0; i < 3; i++) await fetch(`${node.gateway}/demo/sum`, { method: 'POST', body: '{"numbers": []}' });
  await page.getByText(/4[0-9] last minute/).waitFor();
  await page.getByText(/p99 [\d.]+ ms/).waitFor();
  await console.look('overview');

  await page.getByRole('link', { name: 'APIs' }).click();
  await page.getByRole('heading', { name: 'APIs' }).waitFor();
  await streams(page, 0);
  await page.goBack();
  await streams(page, 1);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('User name').waitFor();
  await streams(page, 0);
});

shows('nothing moves when numbers come', async (console, page) => {
  await page.route('**/stats?*', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await route.continue();
  });
  await console.enter('/overview');
  const places = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('.tiles > div, .chart, .live-state')].map((element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return [x, y, width, height].map(Math.round).join();
      }),
    );
  await page.locator('.chart svg').first().waitFor();
  await page.getByText('Connecting', { exact: true }).waitFor();
  const before = await places();
  assert.equal(before.length, 13);
  await page.getByText('Live', { exact: true }).waitFor();
  assert.deepEqual(await places(), before);
});

shows('the seconds are gone through by keyboard and by pointer, in all charts at once', async (console, page) => {
  await console.enter('/overview');
  const chart = page.getByRole('slider', { name: /^Requests/ });
  await page.getByText('Live', { exact: true }).waitFor();
  await chart.focus();
  await page.keyboard.press('Home');
  await page.locator('.chart-time').nth(5).waitFor();
  assert.match(await chart.getAttribute('aria-valuetext'), /Answered \d/);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Escape');
  await page.locator('.chart-time').first().waitFor({ state: 'detached' });
  await page.getByRole('slider', { name: /^Memory/ }).hover();
  await page.locator('.chart-time').nth(5).waitFor();
  await console.look('overview-pointed');
});

shows('the lines are a table for who cannot see them', async (console, page) => {
  await console.enter('/overview');
  await page.getByRole('radio', { name: 'Table' }).check();
  await page.waitForURL(/view=table/);
  await page.getByRole('columnheader', { name: 'p99, ms' }).waitFor();
  await page.getByRole('row').nth(2).waitFor();
  await console.look('overview-table');
});

shows('a tab that nobody sees has no stream, and what it missed is there when it is seen', async (console, page) => {
  await countStreams(page);
  await console.enter('/overview?view=table');
  await streams(page, 1);
  const hide = (hidden) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await hide(true);
  await streams(page, 0);
  const rows = await page.getByRole('row').count();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  assert.equal(await page.getByRole('row').count(), rows);
  await hide(false);
  await streams(page, 1);
  await page.getByRole('row').nth(rows + 2).waitFor();
});

shows('who loses the right while he looks is told which it is', async (console, page) => {
  await page.route('**/stats?*', (route) =>
    route.fulfill({
      status: 403,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status: 403, title: 'Forbidden', detail: 'no grant for wamp.call on bondy.stats.get' }),
    }),
  );
  await console.enter('/overview');
  await page.getByText('no grant for wamp.call on bondy.stats.get').waitFor();
  await page.getByText('Stopped', { exact: true }).waitFor();
  await console.look('overview-refused');
  await page.unroute('**/stats?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Live', { exact: true }).waitFor();
});

shows('a store that is away, a dead node and one that lags are on top', async (console, page, node) => {
  const stats = await node.ask('GET', '/stats?history=2');
  stats.store = { ...stats.store, state: 'away', since_ms: Date.now() - 60_000, nodes: 2 };
  await page.route('**/stats?*', (route) => route.fulfill({ json: stats }));
  await page.route('**/stats/stream', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: `data: ${JSON.stringify(stats)}\n\n` }),
  );
  const [own] = await node.ask('GET', '/nodes');
  const nodes = [
    own,
    { ...own, self: false, id: 'b', name: HOSTILE, live: false, age_ms: 84_000 },
    { ...own, self: false, id: 'c', name: 'slow', version: '0.0.9', lag: 3, seq: own.seq - 3 },
  ];
  await page.route('**/nodes', (route) => route.fulfill({ json: nodes }));
  await console.enter('/overview');
  await page.getByText('The database does not answer').waitFor();
  await page.getByText(`Node ${HOSTILE} shows no sign of life.`).waitFor();
  await page.getByText('Node slow is pending.').waitFor();
  await console.look('overview-alarms');
  await page.getByRole('link', { name: 'Nodes' }).first().click();
  await page.getByText('1 min 24 s ago').waitFor();
  await console.look('nodes-alarms');
});

shows('a node that is gone: a banner, and it goes on when it is back', async (console, page, node) => {
  console.expected = /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_INCOMPLETE/;
  await console.enter('/overview');
  await page.getByText('Live', { exact: true }).waitFor();
  const { port } = new URL(node.admin);
  await node.stop();
  await page.getByText('The node does not answer. Trying again').waitFor();
  node.options.push('--set', `admin.listen=127.0.0.1:${port}`);
  await node.begin();
  await page.getByText('The node does not answer. Trying again').waitFor({ state: 'detached' });
  await page.getByText('Live', { exact: true }).waitFor();
});

shows('the nodes', async (console, page) => {
  await console.enter('/nodes');
  await page.getByText('this one').waitFor();
  await console.look('nodes');
});

shows('the audit: filters are in the URL, a row opens', async (console, page, node) => {
  await node.ask('POST', '/realms', { uri: 'com.example.audited' });
  await node.ask('POST', '/realms/com.example.audited/groups', { name: 'staff' });
  await node.ask('POST', '/realms/com.example.audited/groups', { name: HOSTILE }).catch(() => undefined);
  await node.ask('POST', '/realms', { uri: 'Not A URI' }).catch(() => undefined);
  await console.enter('/audit');
  await page.getByText('com.example.audited').first().waitFor();
  await console.look('audit');
  await page.getByLabel('Action').fill('bondy.group.');
  await page.waitForURL(/action=bondy\.group\./);
  await page.getByText('bondy.realm.create').first().waitFor({ state: 'detached' });
  await page.getByLabel('Outcome').selectOption('ok');
  await page.waitForURL(/outcome=ok/);
  await page.reload();
  await page.locator('.row-link').first().waitFor();
  assert.equal(await page.getByLabel('Action').inputValue(), 'bondy.group.');
  await page.locator('.row-link').first().click();
  await page.getByRole('dialog').getByText('Records after (SHA-256)').waitFor();
  await console.look('audit-row');
  await page.reload();
  await page.getByRole('dialog').getByText('Records after (SHA-256)').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.match(page.url(), /action=bondy\.group\./);

  await page.getByLabel('By').fill('nobody');
  await page.getByText('No rows match').waitFor();
  await console.look('audit-none');
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByText('bondy.realm.create').first().waitFor();
});

shows('an audit of many rows comes page by page', async (console, page, node) => {
  for (let i = 0; i < 120; i++) await node.ask('POST', '/realms/com.example.audited/groups', { name: `group${i}` });
  await console.enter('/audit?action=bondy.group.add');
  await page.getByText('the newest 100 rows').waitFor();
  await page.getByRole('button', { name: 'Show more' }).scrollIntoViewIfNeeded();
  await page.getByText(/12\d rows in all/).waitFor();
});

shows('who has no right to the numbers begins elsewhere, and the menu says what is missing', async (console, page, node) => {
  const master = '/realms/com.leapsight.bondy';
  await node.ask('POST', `${master}/users`, { username: 'reader', password: 'only-for-reading-7' });
  await node.ask('POST', `${master}/sources`, { usernames: ['reader'], authmethod: 'password', cidr: '127.0.0.0/8' });
  await node.ask('POST', `${master}/grants`, {
    roles: ['reader'],
    permissions: ['wamp.call'],
    resources: [{ uri: 'bondy.http_gateway.api.list', match: 'exact' }],
  });
  await console.go();
  await console.login('reader', 'only-for-reading-7');
  await page.getByRole('heading', { name: 'APIs' }).waitFor();
  const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Overview' });
  assert.equal(await link.getAttribute('aria-disabled'), 'true');
  assert.match(await link.getAttribute('title'), /bondy\.stats\.get/);
  await console.go('/overview');
  await page.getByText('Your account has no grant to call bondy.stats.get.').waitFor();
  await console.look('overview-denied');
});

shows('without an API the first one is taught, and found when it is there', async (console, page, node) => {
  await node.ask('DELETE', '/api_specs/com.example.demo');
  await console.enter('/overview');
  await page.getByText('Publish your first API').waitFor();
  await console.look('overview-first');
  await page.getByText(`curl ${node.gateway}/first/hello`).waitFor();
  const [realm, publish] = await page.locator('.first-api pre').allInnerTexts();
  await node.ask('POST', '/realms', JSON.parse(/ -d '([^]*)'/.exec(realm)[1]));
  const [, specification] = /<<'END'\n([^]*)\nEND/.exec(publish);
  await node.ask('POST', '/api_specs', specification);
  await page.getByText('Publish your first API').waitFor({ state: 'detached' });
  assert.deepEqual(await (await fetch(`${node.gateway}/first/hello`)).json(), { message: 'Hello' });
});
