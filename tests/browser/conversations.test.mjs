// Conversations: stopped, tried again, reloaded, listed, locked.

import assert from 'node:assert/strict';

import { check, until } from './support/check.mjs';

check('stopping keeps what was said', {}, async ({ chat, showcase }) => {
  await chat.send('slow');
  await chat.shows('word2');
  await chat.stopButton.click();
  await chat.finished();
  await until('the answer is stored', async () => (await showcase.kinds()).length === 2);
  await chat.page.reload();
  await chat.shows('word2');
  assert.equal(await chat.text('word50').count(), 0);
});

check('an error that can be tried again', {}, async ({ chat, showcase }) => {
  await chat.ask('boom');
  await chat.page.getByText('CUSTOM-ERROR-TEXT').first().waitFor();
  const again = chat.page.waitForRequest((request) => request.postData()?.includes('threads.retry_after_item'));
  await chat.retryButton.click();
  await again;
  await chat.page.getByText('CUSTOM-ERROR-TEXT').first().waitFor();
  assert.deepEqual(await showcase.kinds(), ['user_message']);
});

check('an error without a text of its own', {}, async ({ chat }) => {
  await chat.ask('crash');
  await chat.retryButton.waitFor();
});

const BROKEN = [/ERR_INCOMPLETE_CHUNKED_ENCODING/];
check('a connection that breaks', { complaints: BROKEN }, async ({ chat, showcase }) => {
  await chat.ask('drop');
  await chat.shows('partial before drop');
  await chat.page.getByText('The connection was lost.').first().waitFor();
  await until('the answer is stored', async () => (await showcase.kinds()).length === 2);
});

check('a server that is away for a moment', { complaints: [/503/] }, async ({ page, chat, showcase }) => {
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
  assert.deepEqual(await showcase.kinds(), ['user_message', 'assistant_message']);
  assert.equal((await showcase.threads()).length, 1);
});

check('a reload shows the same', {}, async ({ page, chat }) => {
  for (const word of ['hello', 'widget', 'workflow', 'image', 'ents']) await chat.ask(word);
  await page.reload();
  await chat.echoes('hello');
  for (const text of ['WIDGET-TITLE', 'WF-SUMMARY', 'Here is one']) await chat.shows(text);
  await chat.ask('again');
  await chat.echoes('again');
});

check('threads are listed, renamed and deleted', {}, async ({ page, chat, showcase }) => {
  await chat.ask('first');
  await chat.newChat();
  await chat.ask('second');
  await chat.thread('T: first').click();
  await chat.echoes('first');
  assert.equal(await chat.echo('second').count(), 0);

  await chat.renameThread('T: first', 'Renamed');
  await chat.thread('Renamed').waitFor();
  await until('it is stored', async () => (await showcase.threads()).some((it) => it.title === 'Renamed'));

  await chat.deleteThread('Renamed');
  await chat.thread('Renamed').waitFor({ state: 'detached' });
  await until('it is gone', async () => (await showcase.threads()).length === 1);
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
