// An API's life in the console: from a mistake to its publication, a call, and back.
import assert from 'node:assert/strict';
import { shows, withNode } from './support/fixture.mjs';

withNode();

const spec = ({ type = 'wamp_call', path = '/greet/:name' } = {}) => `id: com.example.shop
name: Shop
host: _
realm_uri: com.example.demo
versions:
  1.0.0:
    base_path: /shop
    paths:
      ${path}:
        get:
          action:
            type: ${type}
            procedure: com.example.demo.hello
            args: ["{{request.bindings.name}}"]
          response:
            on_result:
              body: "{{action.result.args |> head}}"
`;

async function paste(page, text) {
  const editor = page.getByRole('textbox', { name: 'Specification' });
  await editor.click();
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+v');
}

async function publish(page, comment) {
  await page.getByRole('button', { name: 'Publish…', disabled: false }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Comment').fill(comment);
  return dialog;
}

shows('a mistake is marked on its line, and when it is mended the API is published, called and rolled back', async (console, page, node) => {
  await console.enter('/apis');
  await console.look('apis');
  await page.getByRole('link', { name: 'New API' }).click();

  await paste(page, spec({ type: 'wamp_cal' }));
  const problem = page.getByRole('region', { name: 'Problems' }).getByRole('button');
  await problem.first().waitFor();
  assert.match(await problem.first().innerText(), /12:19[^]*wamp_cal[^]*Did you mean wamp_call\?/);
  await page.locator('.cm-lint-marker-error').waitFor();
  const marked = await page.evaluate(() => {
    const { shadowRoot } = document.querySelector('.code-editor > div');
    const top = (element) => Math.round(element.getBoundingClientRect().top);
    const mark = shadowRoot.querySelector('.cm-lint-marker-error');
    const row = top(mark.closest('.cm-gutterElement'));
    const numbers = [...shadowRoot.querySelectorAll('.cm-lineNumbers .cm-gutterElement')];
    return numbers.find((number) => number.textContent && top(number) === row)?.textContent;
  });
  assert.equal(marked, '12');
  await page.getByRole('button', { name: 'Publish…' }).and(page.locator('[aria-disabled]')).waitFor();
  await console.look('spec-mistake');
  await problem.first().click();
  await page.getByRole('textbox', { name: 'Specification' }).and(page.locator(':focus')).waitFor();

  await paste(page, spec());
  await page.getByText('No mistakes').waitFor();
  const toolbar = await page.locator('.toolbar').boundingBox();
  assert.ok(toolbar.height < 50, `the verdict is a word beside the buttons: ${toolbar.height}`);
  const dialog = await publish(page, 'the first');
  await console.look('publish-new');
  // The shortcut that opened it opens no second one over it.
  await page.keyboard.press('Control+s');
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click();
  await page.getByRole('heading', { name: 'Shop', exact: true }).waitFor();
  assert.equal((await fetch(`${node.gateway}/shop/greet/Ada`)).status, 200);
  await page.getByRole('link', { name: '/shop/greet/:name' }).waitFor();
  await console.look('api-routes');
});

shows('a change shows what it does to callers, and its version leads back', async (console, page, node) => {
  await node.ask('POST', '/api_specs', spec().replaceAll('shop', 'store'));
  await console.enter('/apis/com.example.store?tab=spec');
  await page.getByText('As published').waitFor();
  await page.getByLabel('YAML').check();
  await paste(page, spec({ path: '/hello/:name' }).replaceAll('shop', 'store'));
  const dialog = await publish(page, 'another path');
  await dialog.getByText('1 change may break callers.').waitFor();
  assert.match(await dialog.innerText(), /removed\s+GET \/greet\/:name/);
  await dialog.getByText('The text, line by line').click();
  await dialog.getByRole('region', { name: 'The text, line by line' }).waitFor();
  await console.look('publish-change');
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click();
  await page.getByText('version 2', { exact: true }).waitFor();
  assert.equal((await fetch(`${node.gateway}/store/hello/Ada`)).status, 200);
  await console.look('spec');

  await page.getByRole('tab', { name: 'Versions' }).click();
  await page.getByRole('cell', { name: 'another path' }).waitFor();
  await console.look('versions');
  await page.getByRole('button', { name: 'Compare with version 1' }).click();
  await page.getByRole('region', { name: 'Difference' }).waitFor();
  await console.look('version-compare');
  await page.getByRole('button', { name: 'Roll back to 1' }).click();
  await page.getByText('version 3', { exact: true }).waitFor();
  assert.equal((await fetch(`${node.gateway}/store/greet/Ada`)).status, 200);
  assert.equal((await fetch(`${node.gateway}/store/hello/Ada`)).status, 404);
});

shows('Try it sends a request through the gateway and shows the answer', async (console, page) => {
  await console.enter('/apis/com.example.demo?tab=routes');
  await page.getByRole('link', { name: '/demo/hello/:name' }).click();
  await page.getByLabel(':name').fill('Ada');
  await page.getByRole('button', { name: 'Send' }).click();
  const answer = page.getByRole('region', { name: 'Answer' });
  await answer.getByText('200').waitFor();
  assert.match(await answer.innerText(), /Ada/);
  await console.look('try');
});

shows('who publishes later sees what the other published, and decides', async (console, page, node) => {
  await node.ask('POST', '/api_specs', spec().replaceAll('shop', 'twice'));
  await console.enter('/apis/com.example.twice?tab=spec');
  await page.getByText('As published').waitFor();
  await page.getByLabel('YAML').check();
  await paste(page, spec({ path: '/mine/:name' }).replaceAll('shop', 'twice'));
  await node.ask('POST', '/api_specs', spec({ path: '/theirs/:name' }).replaceAll('shop', 'twice'));
  const dialog = await publish(page, 'mine');
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click();
  const conflict = page.getByRole('dialog', { name: /Somebody else/ });
  await conflict.waitFor();
  assert.match(await conflict.innerText(), /theirs[^]*mine/);
  await console.look('conflict');
  await conflict.getByRole('button', { name: 'Keep editing' }).click();
  assert.equal((await fetch(`${node.gateway}/twice/theirs/Ada`)).status, 200);
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click();
  await conflict.getByRole('button', { name: 'Replace theirs with mine' }).click();
  await page.getByText('version 3', { exact: true }).waitFor();
  assert.equal((await fetch(`${node.gateway}/twice/mine/Ada`)).status, 200);
});

shows('what is written in the editor outlives a look at another tab', async (console, page) => {
  await console.enter('/apis/com.example.demo?tab=spec');
  await page.getByText('As published').waitFor();
  await page.getByLabel('YAML').check();
  await paste(page, 'half: a thought');
  await page.getByRole('tab', { name: 'Routes' }).click();
  await page.getByRole('link', { name: '/demo/health' }).waitFor();
  await page.getByRole('tab', { name: 'Specification' }).click();
  assert.match(await page.getByRole('textbox', { name: 'Specification' }).innerText(), /half: a thought/);
});

shows('an API is deleted by typing its id, after its routes were shown', async (console, page, node) => {
  await node.ask('POST', '/api_specs', spec().replaceAll('shop', 'gone'));
  await console.enter('/apis/com.example.gone');
  await page.getByRole('button', { name: 'Delete API' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('GET /gone/greet/:name').waitFor();
  await console.look('api-delete');
  await dialog.getByLabel('Type com.example.gone to confirm').fill('com.example.gone');
  await dialog.getByRole('button', { name: 'Delete API' }).click();
  await page.getByRole('heading', { name: 'APIs' }).waitFor();
  assert.equal((await fetch(`${node.gateway}/gone/greet/Ada`)).status, 404);
});

shows('who writes on while what he published is asked for again publishes that next', async (console, page, node) => {
  const paths = (path) => spec({ path }).replaceAll('shop', 'onward');
  await node.ask('POST', '/api_specs', paths('/one/:name'));
  await console.enter('/apis/com.example.onward?tab=spec');
  await page.getByText('As published').waitFor();
  await page.getByLabel('YAML').check();
  await paste(page, paths('/two/:name'));
  let dialog = await publish(page, 'two');
  const spared = (url) => url.href.endsWith('/api_specs/com.example.onward');
  let release;
  const open = new Promise((resolve) => (release = resolve));
  await page.route(spared, async (route) => {
    await open;
    await route.continue().catch(() => undefined);
  });
  const asked = page.waitForRequest((request) => spared(new URL(request.url())));
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click();
  await asked;
  await paste(page, paths('/three/:name'));
  release();
  await page.getByText('version 2', { exact: true }).waitFor();
  await page.unroute(spared, { behavior: 'wait' });
  dialog = await publish(page, 'three');
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click();
  await page.getByText('version 3', { exact: true }).waitFor();
  assert.equal((await fetch(`${node.gateway}/onward/three/Ada`)).status, 200);
});

shows('texts that cannot be compared are not said to be alike', async (console, page, node) => {
  console.expected = /status of 503/;
  await node.ask('POST', '/api_specs', spec().replaceAll('shop', 'unlike'));
  await console.enter('/apis/com.example.unlike?tab=spec');
  await page.getByText('As published').waitFor();
  await page.getByLabel('YAML').check();
  await paste(page, spec({ path: '/other/:name' }).replaceAll('shop', 'unlike'));
  const dialog = await publish(page, '');
  await page.route(
    (url) => url.href.endsWith('/api_specs/com.example.unlike'),
    (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"detail": "the store is away"}' }),
  );
  await dialog.getByText('The text, line by line').click();
  await dialog.getByRole('alert').getByText('the store is away').waitFor();
});

shows('who tries an API of a host by several routes says once who he is, and curl names the host', async (console, page, node) => {
  const two = spec().replaceAll('shop', 'hosted').replace('host: _', 'host: hosted.example');
  await node.ask('POST', '/api_specs', `${two}      /health:\n        get: {action: {type: static}, response: {on_result: {body: {ok: true}}}}\n`);
  await console.enter('/apis/com.example.hosted?tab=try');
  await page.getByLabel('As', { exact: true }).selectOption('Bearer token');
  await page.getByLabel('Token', { exact: true }).fill('not-a-token');
  await page.getByLabel('Route', { exact: true }).selectOption('GET /hosted/health');
  await page.getByLabel(':name').waitFor({ state: 'detached' });
  assert.equal(await page.getByLabel('Token', { exact: true }).inputValue(), 'not-a-token');
  await page.getByLabel('As', { exact: true }).selectOption('Nobody');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('region', { name: 'Answer' }).getByText('200').waitFor();
  const url = `${node.gateway}/hosted/health`;
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `curl -H 'host: hosted.example' ${url}`);
});
