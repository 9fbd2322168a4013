// A node that goes away under somebody's hands.
import assert from 'node:assert/strict';
import { shows, withNode } from './support/fixture.mjs';

withNode();

shows('while the node is away a banner says so, and what was typed stays', async (console, page, node) => {
  console.expected = /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/;
  await console.enter('/realms/com.example.demo');
  await page.getByLabel('Description').fill('typed meanwhile');
  const port = new URL(node.admin).port;
  await node.stop();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('The node does not answer. Trying again').waitFor();
  await console.look('node-away');
  node.options.push('--set', `admin.listen=127.0.0.1:${port}`);
  await node.begin();
  await page.getByText('The node does not answer. Trying again').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Saved.').waitFor();
  assert.equal(await page.getByLabel('Description').inputValue(), 'typed meanwhile');
});
