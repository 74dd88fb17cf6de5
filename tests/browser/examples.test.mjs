// The other examples, as a reader tries them.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { check, OUT, until } from './support/check.mjs';

const PICTURE = await readFile(new URL('../../examples/showcase/pictures/done.png', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'chatkit-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Where an example keeps its files. */
const files = (name) => ({ ATTACHMENTS: join(folder, name), DATABASE_URL: 'sqlite::memory:' });

const WEATHER = { program: 'quickstart', env: { DATABASE_URL: 'memory' } };
check('quickstart: a tool is used, and all is there after a reload', WEATHER, async ({ page, chat, server }) => {
  await page.getByRole('button', { name: 'What is the weather in Paris?' }).click();
  await chat.shows('the sky is clear');
  await chat.finished();
  await chat.thread('What is the weather in').waitFor();
  await page.screenshot({ path: `${OUT}/quickstart.png` });
  await page.reload();
  await chat.shows('the sky is clear');
  assert.deepEqual(await server.kinds(), ['user_message', 'workflow', 'assistant_message']);
});

check('widgets: each kind, and a form that keeps what is entered', { program: 'widgets' }, async ({ page, chat, server }) => {
  for (const word of ['order', 'table', 'chart', 'story', 'todo']) await chat.ask(word);
  for (const text of ['Leave it at the door.', '11 °C', 'Returned', 'It is still there.']) await chat.shows(text);
  const title = chat.log.getByRole('textbox');
  await title.fill('Buy tea');
  await chat.log.getByRole('checkbox', { name: 'Done' }).check();
  await page.screenshot({ path: `${OUT}/widgets.png`, fullPage: true });
  await chat.log.getByRole('button', { name: 'Save' }).click();
  await until('it is stored', async () => JSON.stringify(await server.items()).includes('Buy tea'));
  await page.reload();
  await title.waitFor();
  assert.equal(await title.inputValue(), 'Buy tea');
  assert.ok(await chat.log.getByRole('checkbox', { name: 'Done' }).isChecked());
  await chat.log.getByRole('button', { name: 'Delete' }).click();
  await title.waitFor({ state: 'detached' });
});

check('client_tool: the page answers, and tells what the user does', { program: 'client_tool' }, async ({ chat }) => {
  await chat.ask('What is selected?');
  await chat.shows('The tool says: "a pot of tea"');
  await chat.ask('Highlight tea');
  await chat.shows('highlight');
  await chat.pick('Open plan.md');
  await chat.finished();
  await chat.ask('Which document is open?');
  await chat.shows('The user has opened "plan.md".');
});

check('composer: the tool that is chosen is used, and its source cited', { program: 'composer' }, async ({ chat }) => {
  await chat.pick('Search the handbook');
  await chat.ask('Holidays');
  // The citation stands before the full stop.
  await chat.shows('It is in chapter 3');
  await chat.log.locator('a[href="https://example.com/handbook#3"]').first().waitFor();
});

check('threads: a failure is tried again, and a locked thread says why', { program: 'threads' }, async ({ page, chat }) => {
  await chat.ask('report');
  await page.getByText('The report is not ready yet.').first().waitFor();
  await chat.retryButton.click();
  await chat.shows('Here is your report.');
  await chat.send('agent');
  await page.getByText('Waiting for a person to join.').first().waitFor();
});

const GOES_ON = { program: 'disconnect', env: { ON_DISCONNECT: 'continue' } };
check('disconnect: an answer goes on while the page is reloaded', GOES_ON, async ({ page, chat, server }) => {
  await chat.send('Count');
  await chat.shows('3 4');
  await page.reload();
  await until('the whole answer is stored', async () => (await server.kinds()).length === 2);
  await page.reload();
  await chat.shows('49 50');
});

const IMAGES = { program: 'images', env: { IMAGES: join(folder, 'images') } };
check('images: what is generated is a file of this server', IMAGES, async ({ page, chat, server }) => {
  await chat.ask('A hill');
  await page.reload();
  const image = chat.log.getByRole('img').last();
  await image.waitFor();
  assert.equal(await image.evaluate((it) => it.decode().then(() => it.naturalWidth)), 256);
  assert.ok((await image.getAttribute('src')).startsWith(`${server.url}/pictures/`));
});

for (const uploads of ['two_phase', 'direct']) {
  const options = { program: 'attachments', env: { ...files(uploads), UPLOADS: uploads } };
  check(`attachments, ${uploads}: the model reads them, and a reload shows them`, options, async ({ page, chat }) => {
    await chat.attach('hill.png', 'image/png', PICTURE);
    await page.getByRole('button', { name: 'Remove hill.png' }).waitFor();
    await chat.attach('notes.txt', 'text/plain', Buffer.from('Tea at five\nor later'));
    await page.getByRole('button', { name: 'Remove notes.txt' }).waitFor();
    await until('both are there', async () => (await page.locator('.upload[data-state=uploading]').count()) === 0);
    await chat.ask('What is this?');
    await chat.shows(`an image: image/png, ${PICTURE.length} bytes`);
    await chat.shows('a text of 20 bytes that begins: Tea at five');
    await page.reload();
    await chat.log.getByText('notes.txt').waitFor();
    const preview = chat.log.getByRole('img', { name: /hill\.png/ });
    await preview.waitFor();
    assert.equal(await preview.evaluate((it) => it.decode().then(() => it.naturalWidth)), 256);
    await page.screenshot({ path: `${OUT}/attachments-${uploads}.png` });
  });
}

const ACCOUNTS = { program: 'accounts', env: { DATABASE_URL: 'sqlite::memory:' }, open: false, complaints: [/403/] };
check('accounts: each user has their own threads', ACCOUNTS, async ({ page, chat, server }) => {
  const signIn = async (name) => {
    await page.goto(`${server.url}/sign-in`);
    await page.getByRole('button', { name }).click();
    await page.getByRole('log').waitFor();
  };
  await page.goto(`${server.url}/`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.screenshot({ path: `${OUT}/sign-in.png` });
  await page.getByRole('button', { name: 'Ada' }).click();
  await chat.ask('What have I ordered?');
  await chat.shows('You have ordered a teapot.');
  await chat.thread('Untitled').waitFor();
  await page.getByRole('link', { name: 'Be someone else' }).waitFor();
  await page.screenshot({ path: `${OUT}/accounts.png` });

  await signIn('Bob');
  await chat.threads.getByText('No conversations yet.').waitFor();
  await chat.ask('What have I ordered?');
  await chat.shows('You have ordered two cups.');
  await signIn('Ada');
  await chat.thread('Untitled').first().waitFor();
  assert.equal(await chat.thread('Untitled').count(), 1);
  await chat.thread('Untitled').click();
  await chat.shows('You have ordered a teapot.');

  await signIn('Eve');
  await page.getByText('Your account is suspended.').first().waitFor();
  await page.goto(`${server.url}/sign-in`);
  await page.getByRole('button', { name: 'Nobody' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

check('support_desk: from an order to its refund', { program: 'support_desk', env: files('desk') }, async ({ page, chat }) => {
  await page.getByRole('button', { name: 'Where is my order?' }).click();
  await chat.shows('Two cups (order 8): on the way.');
  await chat.log.getByRole('button', { name: 'Track' }).click();
  await chat.shows('on the way, seen just now');
  await page.screenshot({ path: `${OUT}/support-desk-order.png` });
  await chat.log.getByRole('button', { name: 'Ask for a refund' }).click();
  await chat.log.getByRole('radio', { name: 'Pay back' }).check();
  await page.screenshot({ path: `${OUT}/support-desk-approval.png` });
  await chat.log.getByRole('button', { name: 'Submit' }).click();
  await chat.shows('About your refund: 12 euros, once it is back.');
  await chat.shows('order_refunded');
  await page.reload();
  await chat.shows('About your refund: 12 euros, once it is back.');

  await chat.send('Use card 4111 1111 1111 1111');
  await page.getByText('Please do not send the number of a credit card.').first().waitFor();
  await chat.finished();
  assert.equal(await chat.text('4111 1111').count(), 0);
});
