// One node and one browser for a file of tests; a page of its own for each test.
import { after, before, test } from 'node:test';
import { closeBrowser, Console, openBrowser } from './console.mjs';
import { Node } from './node.mjs';

export const here = {};

export function withNode(settings) {
  before(async () => {
    await openBrowser();
    here.node = await Node.start(settings);
  });
  after(async () => {
    await closeBrowser();
    await here.node?.close();
  });
}

/** A test with a page, whose trouble is the test's. */
export function shows(name, run) {
  test(name, async () => {
    const console = await Console.open(here.node);
    try {
      await run(console, console.page, here.node);
    } catch (error) {
      await console.context.close();
      if (console.trouble.length > 0) error.message += `\n${console.trouble.join('\n')}`;
      throw error;
    }
    await console.close();
  });
}
