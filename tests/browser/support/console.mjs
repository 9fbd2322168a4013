// The console in Debian's Chromium: a page that is logged in, and all that must not happen there,
// which is looked at when it closes.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { PASSWORD } from './node.mjs';

const PICTURES = join(dirname(fileURLToPath(import.meta.url)), '../../../build/screenshots');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
// Chromium says each refusal of the server in its console, as do we in the page.
const REFUSED = /^Failed to load resource: the server responded with a status of 4\d\d/;

let browser;

export async function openBrowser() {
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    // The sandbox wants a user who is not root; the pages are our own.
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });
}

export async function closeBrowser() {
  await browser?.close();
}

export class Console {
  trouble = [];

  static async open(node) {
    const made = new Console();
    made.node = node;
    made.context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    made.context.setDefaultTimeout(30_000);
    made.page = await made.context.newPage();
    made.page.on('pageerror', (error) => made.trouble.push(error.stack));
    made.page.on('console', (message) => {
      const text = message.text();
      if (['error', 'warning'].includes(message.type()) && !REFUSED.test(text) && !made.expected?.test(text))
        made.trouble.push(`${text} ${message.location().url}`);
    });
    await made.page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
      );
    });
    return made;
  }

  async go(place = '') {
    await this.page.goto(`${this.node.admin}/ui/${place && `#${place}`}`);
  }

  async login(username = 'admin', password = PASSWORD) {
    await this.page.locator('input[name=username]').fill(username);
    await this.page.locator('input[name=password]').fill(password);
    await this.page.getByRole('button', { name: 'Log in' }).click();
  }

  async enter(place) {
    await this.go(place);
    await this.login();
    await this.page.getByRole('navigation', { name: 'Main' }).waitFor();
  }

  /** A picture in both themes, in which axe finds nothing. */
  async look(name) {
    mkdirSync(PICTURES, { recursive: true });
    for (const colorScheme of ['light', 'dark']) {
      await this.page.emulateMedia({ colorScheme });
      await this.page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`) });
      const found = await this.page.evaluate(
        `(() => { let module, exports, define; ${AXE};
          return axe.run(document, { runOnly: ${JSON.stringify(RULES)} }); })()`,
      );
      const said = found.violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
      );
      assert.deepEqual(said, [], `${name}, ${colorScheme}`);
    }
  }

  async close() {
    await this.context.close();
    assert.deepEqual(this.trouble, []);
  }
}
