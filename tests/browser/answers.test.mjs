// What an answer can be made of.

import assert from 'node:assert/strict';

import { check } from './support/check.mjs';

check('an echo in Markdown, with its source', {}, async ({ chat, server }) => {
  await chat.ask('hello');
  await chat.echoes('hello');
  assert.equal(await chat.log.getByText('bold', { exact: true }).evaluate((it) => it.tagName), 'STRONG');
  assert.equal(await chat.log.getByText('code', { exact: true }).evaluate((it) => it.tagName), 'CODE');
  const source = chat.log.getByRole('link', { name: /Src A/ }).first();
  assert.equal(await source.getAttribute('href'), 'https://example.com/a');
  assert.match(await source.getAttribute('rel'), /noopener/);
  await chat.thread('T: hello').waitFor();
  assert.deepEqual(await server.kinds(), ['user_message', 'assistant_message']);
});

check('references to an entity and to a file', {}, async ({ chat }) => {
  await chat.ask('ents');
  await chat.shows('Here is one');
  await chat.shows('E9');
  await chat.shows('doc.pdf');
});

check('steps of work', {}, async ({ chat }) => {
  await chat.send('workflow');
  await chat.shows('TASK-ONE');
  await chat.shows('WF-SUMMARY');
  await chat.finished();
});

check('progress, an effect and a notice', {}, async ({ page, chat, server }) => {
  // Each is shown until the next one comes, so they are written down as they do.
  await page.evaluate(() => {
    globalThis.progress = new Set();
    const log = document.querySelector('[role=log]');
    new MutationObserver(() => {
      for (const [text] of log.textContent.matchAll(/PROGRESS-\d/g)) globalThis.progress.add(text);
    }).observe(log, { subtree: true, childList: true, characterData: true });
  });
  await chat.ask('progress');
  const seen = await page.evaluate(() => [...globalThis.progress]);
  assert.deepEqual(seen, ['PROGRESS-0', 'PROGRESS-1', 'PROGRESS-2']);
  await page.getByRole('status').getByText('NOTICE-TITLE').waitFor();
  await chat.shows('open_dialog');
  await chat.shows('{"x":1}');
  assert.equal(await chat.text('PROGRESS-2').count(), 0);
  assert.deepEqual(await server.kinds(), ['user_message']);
});

check('an image, coarse at first', {}, async ({ page, chat }) => {
  await page.evaluate(() => {
    globalThis.pictures = new Set();
    new MutationObserver(() => {
      for (const image of document.querySelectorAll('img')) globalThis.pictures.add(image.src);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await chat.ask('image');
  const image = chat.log.getByRole('img').last();
  await image.waitFor();
  assert.equal(await image.evaluate((it) => it.decode().then(() => it.naturalWidth)), 256);
  assert.equal(await page.evaluate(() => globalThis.pictures.size), 2);
});

check('a tool of the page', {}, async ({ chat, server }) => {
  await chat.ask('clienttool');
  await chat.shows('get_sel');
  await chat.log.getByLabel('The result, as JSON').fill('{"picked": 42}');
  await chat.log.getByRole('button', { name: 'Send the result' }).click();
  await chat.echoes('no-user-message');
  const [, call] = await server.items();
  assert.deepEqual([call.name, call.status, call.output], ['get_sel', 'completed', { picked: 42 }]);
});
