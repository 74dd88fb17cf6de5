// The page itself: sizes, colours, keyboard, accessibility, and content that must stay content.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { check, OUT, until } from './support/check.mjs';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds, one line each. */
async function violations(page) {
  // As a function of the test's own: a script element would be against the page's policy.
  await page.evaluate(AXE);
  // The headings of widgets are content, and come in the order that the server gives them.
  const options = { rules: { 'heading-order': { enabled: false } } };
  const { violations } = await page.evaluate((options) => globalThis.axe.run(document, options), options);
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
      await chat.echo('hello').scrollIntoViewIfNeeded();
      await page.screenshot({ path: `${OUT}/${name}-${scheme}-top.png` });
    });
  }
}

check('by keyboard alone', {}, async ({ page, chat, server }) => {
  await chat.composer.focus();
  await page.keyboard.type('one');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('two');
  await page.keyboard.press('Enter');
  await chat.echoes('one');
  const [message] = await server.items();
  assert.equal(message.content[0].text, 'one\ntwo');
  assert.ok(await chat.composer.evaluate((it) => it === document.activeElement), 'ready for the next message');
});

check('what is said is no script', {}, async ({ page, chat }) => {
  const attack = [
    '<img src=x onerror="globalThis.hacked = 1">',
    '<script>globalThis.hacked = 1</script>',
    '[link](javascript:globalThis.hacked=1)',
    '![picture](https://example.com/track.png)',
  ].join(' ');
  await chat.ask(attack);
  await chat.echoes('<img');
  assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
  assert.equal(await page.locator('[onerror], [href^="javascript:"], body script:not([src])').count(), 0);
  const policy = chat.response.headers()['content-security-policy'];
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self'(;|$)/);
});

check('what goes over the wire', {}, async ({ page, chat }) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await chat.ask('hello');
  const inspector = await chat.inspect();
  await inspector.getByRole('button', { name: /threads\.create/ }).click();
  await inspector.getByText('thread.item.done').first().waitFor();
  await inspector.getByRole('button', { name: 'Copy as curl' }).click();
  await inspector.getByRole('button', { name: 'Copied' }).waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(command, /^curl /);
  assert.match(command, /\/chatkit/);
  assert.match(command, /threads\.create/);
});

check('what is chosen and mentioned is sent', {}, async ({ page, chat, server }) => {
  await page.getByRole('button', { name: 'Model: Fast' }).click();
  await page.getByRole('menuitemradio', { name: /Careful/ }).click();
  await page.getByRole('button', { name: 'Think longer' }).click();
  await chat.composer.focus();
  await page.keyboard.type('ask @ada');
  await page.getByRole('option', { name: /Ada Lovelace/, selected: true }).waitFor();
  await chat.composer.and(page.locator('[aria-activedescendant]')).waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.type('please');
  await page.keyboard.press('Enter');
  await chat.finished();
  await chat.echoes('ask @Ada Lovelace please');
  const [message] = await server.items();
  assert.deepEqual(message.inference_options, { tool_choice: { id: 'think' }, model: 'careful' });
  assert.deepEqual(
    message.content.map((part) => part.id ?? part.text),
    ['ask ', 'ent-1', ' please'],
  );
});

check('what goes over the wire has its times', {}, async ({ chat }) => {
  await chat.ask('hello');
  const inspector = await chat.inspect();
  const exchange = inspector.getByRole('button', { name: /threads\.create/ });
  assert.match(await exchange.innerText(), /\d+ events[\s\S]*200[\s\S]*\d+(\.\d+)? m?s/);
  await exchange.click();
  await inspector.getByText(/head after .* first event after/).waitFor();
  await inspector.getByText('"text": "hello"').first().waitFor();
});

const OFFICIAL = { env: { CHATKIT_DOMAIN_KEY: 'domain_pk_test' }, open: false };
check('with a domain key, the official client gets the same options', OFFICIAL, async ({ page, server }) => {
  // In the place of the script from the CDN: an element that keeps what it is told.
  const script = `customElements.define('openai-chatkit', class extends HTMLElement {
    setOptions(options) { globalThis.options = options; }
  });`;
  const loaded = [];
  await page.route('https://cdn.platform.openai.com/**', (route) => {
    loaded.push(route.request().url());
    return route.fulfill({ contentType: 'text/javascript', body: script });
  });
  await page.goto(`${server.url}/`);
  await until('it has its options', () => page.evaluate(() => globalThis.options !== undefined));
  assert.deepEqual(loaded, ['https://cdn.platform.openai.com/deployments/chatkit/chatkit.js']);
  const { api, composer, found } = await page.evaluate(async () => {
    const { api, composer, entities } = globalThis.options;
    return { api, composer, found: await entities.onTagSearch('ada') };
  });
  assert.deepEqual(api, { url: '/chatkit', domainKey: 'domain_pk_test', uploadStrategy: { type: 'two_phase' } });
  assert.equal(composer.models[0].id, 'fast');
  assert.deepEqual(found.map((it) => it.id), ['ent-1']);
});
