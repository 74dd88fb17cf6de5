// A widget and its actions, and questions for the user.

import assert from 'node:assert/strict';

import { check } from './support/check.mjs';

check('a widget that grows', {}, async ({ chat }) => {
  await chat.ask('widget');
  await chat.shows('WIDGET-TITLE');
  await chat.shows('stream stream stream');
  await chat.log.getByRole('columnheader', { name: 'Column A' }).waitFor();
  await chat.log.getByRole('cell', { name: 'CELL-A' }).waitFor();
});

check('an action that is answered with the widget', {}, async ({ page, chat }) => {
  await chat.ask('widget');
  await chat.log.getByRole('button', { name: 'SyncBtn' }).click();
  await chat.shows('SYNC-UPDATED');
  assert.equal(await chat.text('WIDGET-TITLE').count(), 0);
  await page.reload();
  await chat.shows('SYNC-UPDATED');
});

check('an action that is answered with a stream', {}, async ({ chat }) => {
  await chat.ask('widget');
  await chat.log.getByRole('button', { name: 'StreamBtn' }).click();
  await chat.shows('ACTION[stream.it]');
});

check('an action for the page', {}, async ({ page, chat }) => {
  await chat.ask('widget');
  const sent = [];
  page.on('request', (request) => sent.push(request.postData()));
  await chat.log.getByRole('button', { name: 'ClientBtn' }).click();
  await page.getByText('client.it').first().waitFor();
  assert.ok(sent.every((body) => !body?.includes('"client.it"')), 'the server is not asked');
});

check('questions that are answered', {}, async ({ page, chat, server }) => {
  await chat.ask('structured');
  await chat.log.getByRole('radio', { name: 'High' }).check();
  await chat.log.getByRole('textbox', { name: 'Any notes?' }).fill('None');
  await chat.log.getByRole('button', { name: 'Submit' }).click();
  await chat.echoes('no-user-message');
  const [, questions] = await server.items();
  assert.equal(questions.status, 'answered');
  assert.deepEqual(
    questions.inputs.map((input) => input.answer.values),
    [['High'], ['None']],
  );
  await page.reload();
  await chat.shows('High');
});

check('questions that are skipped', {}, async ({ chat, server }) => {
  await chat.ask('structured');
  await chat.log.getByRole('button', { name: 'Skip' }).click();
  await chat.echoes('no-user-message');
  const [, questions] = await server.items();
  assert.equal(questions.status, 'skipped');
});

check('an action of the page, which no widget belongs to', {}, async ({ page, chat, server }) => {
  await chat.ask('hello');
  const sent = page.waitForRequest((request) => request.postData()?.includes('threads.custom_action'));
  await chat.pick('Send an action');
  const { params } = (await sent).postDataJSON();
  assert.deepEqual([params.item_id, params.action.payload], [null, { from: 'the page' }]);
  await chat.shows('ACTION[page.action]');
  await chat.finished();
  assert.deepEqual(await server.kinds(), ['user_message', 'assistant_message', 'assistant_message']);
});
