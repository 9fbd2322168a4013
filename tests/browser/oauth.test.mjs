// OAuth2 in the console: clients, their secrets and tokens, and the keys that sign those.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { shows as showsBare, withNode } from './support/fixture.mjs';

withNode();

const REALM = 'com.example.login';
const HOME = `/realms/${REALM}`;
const CLIENTS = `${HOME}/clients`;
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

async function prepare(node) {
  await node.ask('POST', '/realms', {
    uri: REALM,
    authmethods: ['password', 'oauth2'],
    groups: [{ name: 'staff' }, { name: 'ops' }],
    users: [{ username: 'ann', password: 'a good password', groups: ['staff'] }],
    sources: ['password', 'oauth2'].map((authmethod) => ({
      usernames: 'all',
      authmethod,
      cidr: '0.0.0.0/0',
    })),
  });
  await node.ask('POST', '/api_specs', {
    id: 'com.example.who',
    name: 'Who',
    host: '_',
    realm_uri: REALM,
    versions: {
      1: {
        base_path: '/who',
        paths: {
          '/am-i': {
            security: { type: 'oauth2', flow: 'client_credentials' },
            get: {
              action: { type: 'static' },
              response: { on_result: { body: { hello: '{{security.authid}}' } }, on_error: {} },
            },
          },
        },
      },
    },
  });
}

let prepared;

/** A test with the realm and its API. */
const shows = (name, run) =>
  showsBare(name, async (console, page, node) => {
    await (prepared ??= prepare(node));
    await run(console, page, node);
  });

const service = (node, id, more = {}) =>
  node.ask('POST', CLIENTS, {
    client_id: id,
    grant_types: ['client_credentials'],
    groups: ['staff'],
    ...more,
  });

const keep = async (page) => {
  const dialog = page.getByRole('dialog', { name: /secret of/ });
  const secret = await dialog.locator('code').innerText();
  assert.match(secret, /^cs_[\w-]{43}$/);
  await dialog.getByRole('button', { name: 'I have it' }).click();
  await dialog.waitFor({ state: 'detached' });
  return secret;
};

const call = async (node, token) => {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${node.gateway}/who/am-i`, { headers })).status;
};

const take = async (page, secret) => {
  await page.getByRole('tab', { name: 'Take a token' }).click();
  await page.getByLabel('Client secret').fill(secret);
  await page.getByRole('button', { name: 'Take a token' }).click();
};

shows('a client is made, takes a token, calls an API with it, and the token is revoked', async (console, page) => {
  await console.enter(CLIENTS);
  await page.getByRole('heading', { name: 'No clients yet' }).waitFor();
  await console.look('clients-empty');
  await page.getByRole('link', { name: 'New client' }).first().click();
  await page.getByRole('link', { name: /^Service/ }).waitFor();
  await console.look('client-purposes');
  await page.getByRole('link', { name: /^Service/ }).click();
  await page.getByLabel('Client id').fill('robot');
  await page.getByLabel('Name', { exact: true }).fill('The robot');
  assert.ok(await page.getByLabel('Client credentials').isChecked());
  assert.ok(!(await page.getByLabel('Authorization code').isChecked()));
  const groups = page.getByRole('combobox', { name: 'Groups' });
  await groups.click();
  await page.getByRole('option', { name: 'staff' }).click();
  await console.look('client-new-service');
  await page.getByRole('button', { name: 'Create client' }).click();
  await page.getByRole('dialog', { name: 'The secret of robot' }).waitFor();
  await console.look('client-secret');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').getByRole('button', { name: 'Copy' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const secret = await keep(page);
  assert.equal(copied, secret);
  await page.getByRole('heading', { name: 'The robot' }).waitFor();
  await console.look('client');

  await take(page, secret);
  const shown = page.getByRole('region', { name: 'Token' });
  await shown.getByText(/^good for \d+ min \d+ s$/).waitFor();
  assert.match(await shown.innerText(), /"sub": "robot"/);
  await console.look('token');
  await shown.getByText('The token itself').click();
  const token = await shown.locator('details pre').innerText();
  await page.getByRole('button', { name: 'Use it in Try it' }).click();
  await page.getByRole('heading', { name: 'Who' }).waitFor();
  await page.getByRole('button', { name: 'Send' }).click();
  const answer = page.getByRole('region', { name: 'Answer' });
  await answer.getByText('200').waitFor();
  assert.match(await answer.innerText(), /"hello": "robot"/);
  await console.look('token-tried');
  assert.equal(await call(console.node, token), 200);

  await console.go(`${CLIENTS}/robot?tab=token`);
  await take(page, secret);
  await shown.getByText(/^good for/).waitFor();
  await shown.getByText('The token itself').click();
  const other = await shown.locator('details pre').innerText();
  await shown.getByRole('button', { name: 'Revoke' }).click();
  await shown.getByText('revoked', { exact: true }).waitFor();
  await console.look('token-revoked');
  assert.equal(await call(console.node, other), 401);
  assert.equal(await call(console.node, token), 200);

  await page.getByRole('button', { name: 'End tokens…' }).click();
  await page.getByRole('dialog').getByLabel('Those that it took for itself').waitFor();
  await console.look('client-end-tokens');
  await page.getByRole('dialog').getByRole('button', { name: 'End tokens' }).click();
  await page.getByText('The tokens that robot took for itself have ended.').waitFor();
  assert.equal(await call(console.node, token), 401);
});

shows('each purpose fills in the form, and what is missing is said at its field', async (console, page, node) => {
  await console.enter(`${HOME}/new-client?for=web`);
  await page.getByRole('button', { name: 'Create client' }).click();
  await page.getByRole('alert').getByText('The code flow needs a redirect URI to come back to.').waitFor();
  await console.look('client-new-web');
  await page.getByLabel('Client id').fill('website');
  await page.getByLabel('Redirect URIs', { exact: false }).first().fill('ftp://nowhere');
  await page.getByRole('button', { name: 'Create client' }).click();
  await page.getByRole('alert').getByText(/redirect_uris/).waitFor();
  await page.getByLabel('Redirect URIs', { exact: false }).first().fill('https://www.example.com/cb');
  await page.getByRole('button', { name: 'Create client' }).click();
  await keep(page);
  await page.getByRole('heading', { name: 'website' }).waitFor();

  await console.go(`${HOME}/new-client?for=app`);
  await page.getByLabel('Client id').fill('pages');
  await page.getByLabel('Redirect URIs', { exact: false }).first().fill('https://app.example.com/\ncom.example.app:/cb');
  await page.getByLabel('Origins of its pages').fill('https://app.example.com');
  await console.look('client-new-app');
  await page.getByRole('button', { name: 'Create client' }).click();
  await page.getByRole('heading', { name: 'pages' }).waitFor();

  await console.go(`${HOME}/new-client?for=device`);
  await page.getByLabel('Client id').fill('television');
  await page.getByRole('button', { name: 'Create client' }).click();
  await page.getByRole('heading', { name: 'television' }).waitFor();

  const made = async (id) => node.ask('GET', `${CLIENTS}/${id}`);
  const website = await made('website');
  assert.equal(website.type, 'confidential');
  assert.deepEqual(website.grant_types, ['authorization_code', 'refresh_token']);
  const pages = await made('pages');
  assert.equal(pages.type, 'public');
  assert.deepEqual(pages.redirect_uris, ['https://app.example.com/', 'com.example.app:/cb']);
  assert.deepEqual(pages.origins, ['https://app.example.com']);
  assert.deepEqual((await made('television')).grant_types.sort(), ['refresh_token', DEVICE]);
});

shows('a client is changed, disabled, enabled, and deleted with what goes with it', async (console, page, node) => {
  const { client_secret: secret } = await service(node, 'changing', { name: 'Before' });
  await node.ask('POST', `${HOME}/grants`, {
    permissions: ['wamp.call'],
    roles: ['user/changing'],
    uri: 'com.example.x',
    match: 'exact',
  });
  await console.enter(`${CLIENTS}/changing`);
  await page.getByLabel('Name', { exact: true }).fill('After');
  await page.getByLabel('Only certain scopes').check();
  await page.getByRole('combobox', { name: 'Scopes' }).fill('ops');
  await page.getByRole('option', { name: 'ops' }).click();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Saved.').waitFor();
  const changed = await node.ask('GET', `${CLIENTS}/changing`);
  assert.equal(changed.name, 'After');
  assert.deepEqual(changed.scopes, ['ops']);
  assert.deepEqual(changed.groups.sort(), ['api_clients', 'staff']);

  await page.getByLabel('Name', { exact: true }).fill('Half typed');
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('dialog', { name: 'Disable changing?' }).waitFor();
  await console.look('client-disable');
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await page.getByText('disabled', { exact: true }).waitFor();
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Half typed');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: 'Half typed' }).waitFor();
  assert.equal((await node.ask('GET', `${CLIENTS}/changing`)).enabled, false);
  await page.getByRole('tab', { name: 'Take a token' }).click();
  const off = page.getByRole('button', { name: 'Take a token' });
  assert.equal(await off.getAttribute('title'), 'The client is disabled.');
  await page.getByRole('button', { name: 'Enable' }).click();
  await page.getByText('changing is enabled.').waitFor();
  await take(page, 'cs_wrong');
  await page.getByRole('alert').getByText('invalid_client').waitFor();
  await console.look('token-refused');
  await take(page, secret);
  await page.getByText(/^good for/).waitFor();

  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByText('1 grant').waitFor();
  assert.doesNotMatch(await page.getByRole('dialog').innerText(), /source/);
  await console.look('client-delete');
  await page.getByLabel('Type changing to confirm').fill('changing');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('Client changing is gone.').waitFor();
});

shows('two who change one client: the later one sees both', async (console, page, node) => {
  await service(node, 'both');
  await console.enter(`${CLIENTS}/both`);
  await page.getByLabel('Name', { exact: true }).fill('mine');
  await node.ask('PUT', `${CLIENTS}/both`, { name: 'theirs' });
  // Looking at it again does not make theirs seen.
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('heading', { name: 'theirs' }).waitFor();
  await page.getByRole('button', { name: 'Save changes' }).click();
  const conflict = page.getByRole('dialog');
  assert.match(await conflict.innerText(), /theirs[^]*mine/);
  await conflict.getByRole('button', { name: 'Replace theirs with mine' }).click();
  await page.getByRole('heading', { name: 'mine' }).waitFor();
  assert.equal((await node.ask('GET', `${CLIENTS}/both`)).name, 'mine');
});

shows('a secret is rotated, the present one holding for as long as is chosen', async (console, page, node) => {
  const { client_secret: first } = await service(node, 'rotating');
  const token = async (secret) => {
    const response = await fetch(`${node.gateway}/realms/${REALM}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`rotating:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    return response.status;
  };
  await console.enter(`${CLIENTS}/rotating?tab=secrets`);
  await page.getByRole('button', { name: 'Rotate secret…' }).click();
  await page.getByRole('dialog').getByLabel('The present ones hold').selectOption('1 hour');
  await console.look('client-rotate');
  await page.getByRole('dialog').getByRole('button', { name: 'Make a new secret' }).click();
  const second = await keep(page);
  await page.getByRole('cell', { name: 'ending' }).waitFor();
  await console.look('client-secrets');
  assert.deepEqual([await token(first), await token(second)], [200, 200]);

  await page.getByRole('button', { name: 'Rotate secret…' }).click();
  await page.getByRole('dialog').getByLabel('The present ones hold').selectOption('no longer');
  await page.getByText('The present secrets end at once').waitFor();
  await console.look('client-rotate-now');
  await page.getByRole('dialog').getByRole('button', { name: 'Make a new secret' }).click();
  const third = await keep(page);
  await page.getByRole('cell', { name: 'ending' }).waitFor({ state: 'detached' });
  assert.deepEqual([await token(first), await token(second), await token(third)], [401, 401, 200]);
});

shows('how a client is used has the issuer’s own addresses and no secret, and works in a terminal', async (console, page, node) => {
  const { client_secret: secret } = await service(node, "it's", {
    grant_types: ['client_credentials', 'authorization_code', 'refresh_token', DEVICE, 'password'],
    redirect_uris: ['https://www.example.com/cb'],
    scopes: ['staff'],
  });
  await console.enter(`${CLIENTS}/${encodeURIComponent("it's")}?tab=use`);
  const own = page.getByRole('region', { name: 'A token for itself' });
  const issuer = `${node.gateway}/realms/${REALM}`;
  const said = await own.locator('pre').innerText();
  assert.equal(
    said,
    `curl -sS ${issuer}/oauth/token \\\n  -u 'it'\\''s:'"$CLIENT_SECRET" \\\n` +
      `  -d grant_type=client_credentials \\\n  -d scope=staff`,
  );
  await own.getByRole('button', { name: 'Copy' }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), said);
  const run = (commands, variables) => {
    const env = { ...process.env, CLIENT_SECRET: secret, ...variables };
    return spawnSync('sh', ['-c', commands], { env, encoding: 'utf8' }).stdout;
  };
  const token = JSON.parse(run(said)).access_token;
  assert.equal(await call(node, token), 200);
  const revoke = page.getByRole('region', { name: 'End a token' });
  run(await revoke.locator('pre').innerText(), { TOKEN: token });
  assert.equal(await call(node, token), 401);
  const device = page.getByRole('region', { name: 'A token for a person, on a device' });
  const [begin] = (await device.locator('pre').innerText()).split('\n#');
  assert.ok(JSON.parse(run(begin)).device_code);
  const person = page.getByRole('region', { name: 'A token for a person in a browser' });
  const [ask] = (await person.locator('pre').innerText()).split('CODE=');
  assert.equal((await fetch(run(ask).trim(), { redirect: 'manual' })).status, 200);
  assert.match(await person.innerText(), /oauth\/authorize\?response_type=code&client_id=it%27s/);
  await console.look('client-use');
});

shows('clients are searched and sorted, with badges of what they are', async (console, page, node) => {
  for (let i = 0; i < 130; i++) await service(node, `many-${String(i).padStart(3, '0')}`);
  await node.ask('PUT', `${CLIENTS}/many-000`, { enabled: false });
  await console.enter(`${CLIENTS}?filter=many`);
  await page.getByText('100 of 130').waitFor();
  await page.getByRole('row', { name: /many-000/ }).getByText('disabled').waitFor();
  await console.look('clients');
  await page.mouse.wheel(0, 100_000);
  await page.getByText('130 in all').waitFor();
  await page.getByRole('searchbox').fill('many-12');
  await page.getByText('10 in all').waitFor();
});

shows('keys stand in the order of their lives; a new one is announced, and in an emergency all go', async (console, page, node) => {
  const { client_secret: secret } = await service(node, 'signed');
  await console.enter(`${CLIENTS}/signed?tab=token`);
  await take(page, secret);
  await page.getByText('The token itself').click();
  const token = await page.locator('details pre').innerText();
  assert.equal(await call(node, token), 200);

  await console.go(`${HOME}/keys`);
  const keys = page.getByRole('list', { name: 'Signing keys' }).getByRole('listitem');
  await keys.getByText('signs now').waitFor();
  const link = page.getByRole('link', { name: /jwks/ });
  assert.equal(await link.getAttribute('href'), `${node.gateway}/realms/${REALM}/oauth/jwks`);
  await console.look('keys');
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await page.getByRole('dialog').getByLabel('Algorithm').selectOption('EdDSA');
  await console.look('keys-rotate');
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
  await page.getByText('A new key is announced.').waitFor();
  await keys.getByText('next').waitFor();
  assert.match(await keys.first().innerText(), /EdDSA[^]*signs from/);
  assert.match(await keys.nth(1).innerText(), /signs now/);
  await console.look('keys-next');
  await page.getByRole('button', { name: 'Copy JWKS' }).click();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  const served = await (await fetch(`${node.gateway}/realms/${REALM}/oauth/jwks`)).json();
  const kids = (set) => set.keys.map(({ kid }) => kid).sort();
  assert.deepEqual(kids(copied), kids(served));
  assert.equal(await call(node, token), 200);

  await page.getByRole('button', { name: 'Emergency…' }).click();
  await page.getByRole('dialog').getByText('Every access token').waitFor();
  await console.look('keys-emergency');
  const replace = page.getByRole('dialog').getByRole('button', { name: 'Replace all keys' });
  assert.equal(await replace.getAttribute('aria-disabled'), 'true');
  await page.getByLabel(`Type ${REALM} to confirm`).fill(REALM);
  await replace.click();
  await page.getByText('The keys are replaced.').waitFor();
  await keys.getByText('retired', { exact: true }).first().waitFor();
  assert.match(await keys.first().innerText(), /signs now/);
  await console.look('keys-replaced');
  assert.equal(await call(node, token), 401);
});

const READS = ['bondy.realm.list', 'bondy.oauth2.client.list', 'bondy.oauth2.client.get', 'bondy.key.list'];

shows('who may only read sees clients and keys, and each write off with its reason', async (console, page, node) => {
  const master = '/realms/com.leapsight.bondy';
  await service(node, 'looked-at');
  await node.ask('POST', `${master}/users`, { username: 'looker', password: 'only-looks-9' });
  for (const uri of READS)
    await node.ask('POST', `${master}/grants`, {
      permissions: ['wamp.call'],
      roles: ['user/looker'],
      uri,
      match: 'exact',
    });
  const off = async (name) => {
    const button = page.getByRole('button', { name }).first();
    await button.waitFor();
    assert.equal(await button.getAttribute('aria-disabled'), 'true', name);
    assert.match(await button.getAttribute('title'), /no grant to call bondy\./);
  };
  await console.go(CLIENTS);
  await console.login('looker', 'only-looks-9');
  await off('New client');
  await console.go(`${CLIENTS}/looked-at`);
  for (const name of ['Save changes', 'Disable', 'End tokens…', 'Delete']) await off(name);
  await page.getByRole('tab', { name: 'Secrets' }).click();
  await off('Rotate secret…');
  await page.getByRole('tab', { name: 'How to use it' }).click();
  await page.getByRole('alert').getByText(/no grant to call bondy.http_gateway.try/).first().waitFor();
  await page.getByRole('tab', { name: 'Take a token' }).click();
  await off('Take a token');
  await console.look('looker-token');
  await console.go(`${HOME}/keys`);
  await off('Rotate…');
  await off('Emergency…');
  await console.look('looker-keys');
});

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  '{{constructor.constructor("alert(1)")()}}',
  'javascript:alert(1)',
  "'; alert(1); //",
  '$(touch /tmp/x)`id`',
];

shows('hostile names of clients are text wherever they are shown', async (console, page, node) => {
  page.on('dialog', (dialog) => {
    console.trouble.push(`alert: ${dialog.message()}`);
    void dialog.dismiss();
  });
  // Some characters are in no name of a client; all may be in what people are shown.
  const ids = HOSTILE.map((name, i) => `hostile-${i}-${name.toLowerCase().replace(/[ ",/<>\\*]/g, '+')}`);
  for (const [i, name] of HOSTILE.entries()) await service(node, ids[i], { name });
  await console.enter(`${CLIENTS}?filter=hostile`);
  for (const name of HOSTILE) await page.getByRole('cell', { name, exact: true }).waitFor();
  await console.look('clients-hostile');
  for (const [i, name] of HOSTILE.entries()) {
    const id = ids[i];
    await console.go(`${CLIENTS}/${encodeURIComponent(id)}?tab=use`);
    await page.getByRole('heading', { name, exact: true }).waitFor();
    await page.getByRole('region', { name: 'A token for itself' }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog', { name: `Delete ${id}?` }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'End tokens…' }).click();
    await page.getByRole('dialog', { name: `End tokens of ${id}` }).waitFor();
    await page.keyboard.press('Escape');
  }
});
