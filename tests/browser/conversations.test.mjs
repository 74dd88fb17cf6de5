// Conversations: stopped, tried again, reloaded, listed, locked.

import assert from 'node:assert/strict';

import { check, until } from './support/check.mjs';

check('stopping keeps what was said', {}, async ({ chat, server }) => {
  await chat.send('slow');
  await chat.shows('word2');
  await chat.stopButton.click();
  await chat.finished();
  await until('the answer is stored', async () => (await server.kinds()).length === 2);
  await chat.page.reload();
  await chat.shows('word2');
  assert.equal(await chat.text('word50').count(), 0);
});

check('an error that can be tried again', {}, async ({ chat, server }) => {
  await chat.ask('boom');
  await chat.page.getByText('CUSTOM-ERROR-TEXT').first().waitFor();
  const again = chat.page.waitForRequest((request) => request.postData()?.includes('threads.retry_after_item'));
  await chat.retryButton.click();
  await again;
  await chat.page.getByText('CUSTOM-ERROR-TEXT').first().waitFor();
  assert.deepEqual(await server.kinds(), ['user_message']);
});

check('an error without a text of its own', {}, async ({ chat }) => {
  await chat.ask('crash');
  await chat.retryButton.waitFor();
});

const BROKEN = [/ERR_INCOMPLETE_CHUNKED_ENCODING/];
check('a connection that breaks', { complaints: BROKEN }, async ({ chat, server }) => {
  await chat.ask('drop');
  await chat.shows('partial before drop');
  await chat.page.getByText('The connection was lost.').first().waitFor();
  await until('the answer is stored', async () => (await server.kinds()).length === 2);
});

check('a server that is away for a moment', { complaints: [/503/] }, async ({ page, chat, server }) => {
  let refused = 0;
  await page.route('**/chatkit', async (route) => {
    const create = route.request().postData()?.includes('threads.create');
    if (create && refused < 2) {
      refused += 1;
      return route.fulfill({ status: 503, body: 'busy' });
    }
    return route.fallback();
  });
  await chat.ask('hello');
  await chat.echoes('hello');
  assert.equal(refused, 2);
  assert.deepEqual(await server.kinds(), ['user_message', 'assistant_message']);
  assert.equal((await server.threads()).length, 1);
});

check('a reload shows the same', {}, async ({ page, chat }) => {
  for (const word of ['hello', 'widget', 'workflow', 'image', 'ents']) await chat.ask(word);
  await page.reload();
  await chat.echoes('hello');
  for (const text of ['WIDGET-TITLE', 'WF-SUMMARY', 'Here is one']) await chat.shows(text);
  await chat.ask('again');
  await chat.echoes('again');
});

check('threads are listed, renamed and deleted', {}, async ({ page, chat, server }) => {
  await chat.ask('first');
  await chat.newChat();
  await chat.ask('second');
  await chat.thread('T: first').click();
  await chat.echoes('first');
  assert.equal(await chat.echo('second').count(), 0);

  await chat.renameThread('T: first', 'Renamed');
  await chat.thread('Renamed').waitFor();
  await until('it is stored', async () => (await server.threads()).some((it) => it.title === 'Renamed'));

  await chat.deleteThread('Renamed');
  await chat.thread('Renamed').waitFor({ state: 'detached' });
  await until('it is gone', async () => (await server.threads()).length === 1);
  await page.reload();
  await chat.thread('T: second').waitFor();
});

for (const [word, reason] of [
  ['lockme', 'LOCK-REASON'],
  ['closeme', 'CLOSE-REASON'],
]) {
  check(`a thread after ${word}`, {}, async ({ page, chat }) => {
    await chat.send(word);
    await page.getByText(reason).first().waitFor();
    assert.equal(await chat.composer.count(), 0);
    await chat.newChat();
    await chat.ask('hello');
    await chat.echoes('hello');
  });
}

check('feedback', {}, async ({ page, chat }) => {
  await chat.ask('hello');
  const sent = page.waitForRequest((request) => request.postData()?.includes('items.feedback'));
  await page.getByRole('button', { name: 'Good answer' }).click();
  const { params } = (await sent).postDataJSON();
  assert.equal(params.kind, 'positive');
  assert.equal(params.item_ids.length, 1);
});

check('dictation', {}, async ({ page, chat }) => {
  await page.getByRole('button', { name: 'Dictate' }).click();
  await page.getByRole('button', { name: 'Stop dictating' }).click();
  await until('the text is there', async () => (await chat.composer.innerText()).includes('transcribed!'));
});

check('an answer that is not good, and is given again', {}, async ({ page, chat, server }) => {
  await chat.ask('hello');
  const [, before] = await server.items();
  const sent = page.waitForRequest((request) => request.postData()?.includes('items.feedback'));
  await page.getByRole('button', { name: 'Bad answer' }).click();
  assert.equal((await sent).postDataJSON().params.kind, 'negative');
  await page.getByRole('button', { name: 'Answer again' }).click();
  await until('it is another', async () => {
    const items = await server.items();
    return items.length === 2 && items[1].id !== before.id;
  });
  await chat.finished();
  await chat.echoes('hello');
  assert.equal(await chat.log.getByRole('article', { name: 'Assistant' }).count(), 1);
});

check('a passage that is quoted', {}, async ({ page, chat, server }) => {
  await chat.ask('hello');
  await chat.log.getByText('bold', { exact: true }).dblclick();
  await page.getByRole('button', { name: 'Quote' }).click();
  await chat.ask('why');
  const items = await server.items();
  assert.equal(items[2].quoted_text.trim(), 'bold');
});

check('a long conversation opens at its end', {}, async ({ page, chat, server }) => {
  await server.say('number 0');
  const [{ id }] = await server.threads();
  for (let n = 1; n < 40; n += 1) await server.say(`number ${n}`, id);
  await page.reload();
  await chat.threads.getByRole('button', { name: /^T: number/ }).first().click();
  await chat.echoes('number 39');
  const seen = (n) => chat.echo(`number ${n}]`).evaluate((it) => {
    const { top, bottom } = it.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
  await until('the end is seen', () => seen(39));
  assert.equal(await seen(0), false);
  await chat.echo('number 0]').scrollIntoViewIfNeeded();
  await until('the begin is seen', () => seen(0));
  await page.getByRole('button', { name: 'Go to the latest message' }).click();
  await until('the end is seen again', () => seen(39));
  assert.equal((await server.items()).length, 80);
});

for (const [status, message] of [
  [401, 'Please sign in.'],
  [429, 'Too many requests.'],
]) {
  check(`a message that is refused with ${status}`, { complaints: [new RegExp(status)] }, async ({ page, chat, server }) => {
    await page.route('**/chatkit', (route) => {
      const create = route.request().postData()?.includes('threads.create');
      return create ? route.fulfill({ status, json: { message } }) : route.fallback();
    });
    await chat.ask('hello');
    await page.getByText(message).first().waitFor();
    assert.deepEqual(await server.threads(), []);
    // What was written is not lost, and can be sent when it may.
    await page.unroute('**/chatkit');
    await until('it is in the composer', async () => (await chat.composer.innerText()).includes('hello'));
    await chat.composer.press('Enter');
    await chat.echoes('hello');
  });
}
