// A check: a page of its own in one browser, against an example of its own, with eyes on what no check may do.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

import { Chat } from './chat.mjs';
import { startExample } from './example.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Where screenshots go. */
export const OUT = process.env.OUT ?? new URL('../../../target/browser', import.meta.url).pathname;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A microphone that needs no permission, and hears a tone.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/** How long anything may take before a check fails instead of hanging. */
const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 20_000);

let browser;
before(async () => {
  mkdirSync(OUT, { recursive: true });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});
after(() => browser?.close());

/**
 * Declares a check. It gets the page, the chat in it, and the example behind it.
 *
 * - `program`: which example; the showcase, unless another is named.
 * - `env`: its environment variables.
 * - `screen`: the size, `[width, height]`; `scheme`: `light` or `dark`.
 * - `complaints`: what the console may complain of, as regular expressions. Nothing else may be there.
 * - `open`: whether the chat is opened; where it is `false`, the check begins with an empty page.
 */
export function check(name, options, body) {
  const { program = 'showcase', env = {}, screen = [1280, 800], scheme = 'light', complaints = [], open = true } = options;
  test(name, async () => {
    const server = await startExample(program, env);
    const context = await browser.newContext({
      viewport: { width: screen[0], height: screen[1] },
      colorScheme: scheme,
      locale: 'en',
      reducedMotion: 'reduce',
    });
    const errors = [];
    const foreign = [];
    try {
      const own = (url) => url.startsWith(`${server.url}/`) || /^(data|blob|about):/.test(url);
      await context.route(
        (url) => !own(url.href),
        (route) => {
          foreign.push(route.request().url());
          return route.abort();
        },
      );
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) errors.push(message.text());
      });
      page.on('pageerror', (error) => errors.push(String(error)));
      const chat = new Chat(page, server);
      if (open) await chat.open();
      try {
        await body({ page, chat, server });
      } catch (error) {
        const file = `failed-${name.replaceAll(/\W+/g, '-')}.png`;
        await page.screenshot({ path: `${OUT}/${file}` });
        throw error;
      }
    } finally {
      await context.close();
      await server.stop();
    }
    const unexpected = errors.filter((text) => !complaints.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, [], 'the console is silent');
    assert.deepEqual(foreign, [], 'nothing is asked of anyone else');
  });
}

/** Waits until something is so; for what is not in the page. */
export async function until(what, holds) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`it did not happen: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
