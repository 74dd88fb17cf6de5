// What an answer can be made of.

import assert from 'node:assert/strict';

import { check } from './support/check.mjs';

check('an echo in Markdown, with its source', {}, async ({ chat, showcase }) => {
  await chat.ask('hello');
  await chat.shows('ECHO[hello] with');
  assert.equal(await chat.log.locator('strong').innerText(), 'bold');
  assert.equal(await chat.log.locator('code').innerText(), 'code');
  const source = chat.log.getByRole('link', { name: /Src A/ }).first();
  assert.equal(await source.getAttribute('href'), 'https://example.com/a');
  assert.match(await source.getAttribute('rel'), /noopener/);
  await chat.thread('T: hello').waitFor();
  assert.deepEqual(await showcase.kinds(), ['user_message', 'assistant_message']);
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

check('progress, an effect and a notice', {}, async ({ page, chat, showcase }) => {
  await chat.send('progress');
  for (const text of ['PROGRESS-0', 'PROGRESS-1', 'PROGRESS-2', 'NOTICE-TITLE']) {
    await page.getByText(text).first().waitFor();
  }
  await page.getByText('open_dialog').first().waitFor();
  await chat.finished();
  assert.equal(await page.getByText('PROGRESS-2').filter({ visible: true }).count(), 0);
  assert.deepEqual(await showcase.kinds(), ['user_message']);
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
  assert.equal(await image.evaluate((it) => it.decode().then(() => it.naturalWidth)), 128);
  assert.equal(await page.evaluate(() => globalThis.pictures.size), 2);
});

check('a tool of the page', {}, async ({ chat, showcase }) => {
  await chat.send('clienttool');
  await chat.shows('ECHO[no-user-message]');
  await chat.finished();
  const [, call] = await showcase.items();
  assert.deepEqual([call.type, call.name, call.status], ['client_tool_call', 'get_sel', 'completed']);
});
