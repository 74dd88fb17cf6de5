// The page itself: sizes, colours, keyboard, accessibility, and content that must stay content.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { check, OUT } from './support/check.mjs';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds, one line each. */
async function violations(page) {
  // As a function of the test's own: a script element would be against the page's policy.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' | ')}`);
}

/** Whether anything is wider than the screen. */
function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

for (const [name, screen] of Object.entries({ phone: [360, 740], tablet: [820, 1180], desktop: [1440, 900] })) {
  for (const scheme of ['light', 'dark']) {
    check(`${name}, ${scheme}: it fits and is accessible`, { screen, scheme }, async ({ page, chat }) => {
      assert.deepEqual(await violations(page), [], 'empty');
      await page.screenshot({ path: `${OUT}/${name}-${scheme}-empty.png` });
      for (const word of ['hello', 'workflow', 'ents', 'widget', 'image', 'structured']) {
        await chat.ask(word);
      }
      await chat.log.getByRole('button', { name: 'Submit' }).waitFor();
      assert.equal(await overflow(page), 0);
      assert.deepEqual(await violations(page), [], 'with answers');
      await page.screenshot({ path: `${OUT}/${name}-${scheme}.png` });
    });
  }
}

check('by keyboard alone', {}, async ({ page, chat, showcase }) => {
  await chat.composer.focus();
  await page.keyboard.type('one');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('two');
  await page.keyboard.press('Enter');
  await chat.shows('ECHO[one');
  const [message] = await showcase.items();
  assert.equal(message.content[0].text, 'one\ntwo');
  assert.ok(await chat.composer.evaluate((it) => it === document.activeElement), 'ready for the next message');
});

check('what is said is no script', { complaints: [] }, async ({ page, chat }) => {
  const attack = [
    '<img src=x onerror="globalThis.hacked = 1">',
    '<script>globalThis.hacked = 1</script>',
    '[link](javascript:globalThis.hacked=1)',
    '![picture](https://example.com/track.png)',
  ].join(' ');
  await chat.ask(attack);
  await chat.shows('ECHO[');
  assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
  assert.equal(await page.locator('[onerror], [href^="javascript:"], body script:not([src])').count(), 0);
  const policy = chat.response.headers()['content-security-policy'];
  assert.match(policy, /default-src 'none'|default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe-inline[^;]*;?.*script-src|script-src[^;]*unsafe/);
});
