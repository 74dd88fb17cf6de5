// Files: in two phases, direct, removed.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { check, until } from './support/check.mjs';

const PICTURE = await readFile(new URL('../../examples/showcase/pictures/done.png', import.meta.url));

for (const method of ['POST', 'PUT']) {
  check(`an image, by ${method}`, { env: { UPLOAD_METHOD: method } }, async ({ page, chat, server }) => {
    const uploaded = page.waitForResponse((response) => response.url().includes('/upload/'));
    await chat.attach('hill.png', 'image/png', PICTURE);
    const response = await uploaded;
    assert.deepEqual([response.request().method(), response.status()], [method, 204]);
    await chat.ask('here');
    await chat.echoes('here');

    const [message] = await server.items();
    const [attachment] = message.attachments;
    assert.deepEqual([attachment.type, attachment.name], ['image', 'hill.png']);
    const bytes = Buffer.from(await (await fetch(attachment.preview_url)).arrayBuffer());
    assert.ok(bytes.equals(PICTURE), 'what is stored is what was sent');
    const preview = chat.log.getByRole('img', { name: /hill\.png/ });
    assert.equal(await preview.evaluate((it) => it.decode().then(() => it.naturalWidth)), 256);
  });
}

check('a file, direct', {}, async ({ page, chat, server }) => {
  await page.route('**/page.json', async (route) => {
    const config = await (await route.fetch()).json();
    config.api.uploadStrategy = { type: 'direct', uploadUrl: '/direct' };
    return route.fulfill({ json: config });
  });
  await chat.open();
  const uploaded = page.waitForResponse((response) => response.url().endsWith('/direct'));
  await chat.attach('notes.txt', 'text/plain', Buffer.from('notes'));
  assert.equal((await uploaded).status(), 200);
  await chat.ask('here');
  await chat.log.getByText('notes.txt').waitFor();
  const [message] = await server.items();
  const [{ id, type, name }] = message.attachments;
  assert.deepEqual([type, name], ['file', 'notes.txt']);
  assert.equal(await (await fetch(`${server.url}/files/${id}`)).text(), 'notes');
});

check('a file that is taken back', {}, async ({ page, chat, server }) => {
  const created = page.waitForResponse((response) => response.request().postData()?.includes('attachments.create') ?? false);
  await chat.attach('notes.txt', 'text/plain', Buffer.from('notes'));
  const { id } = await (await created).json();
  await until('it is there', async () => (await fetch(`${server.url}/files/${id}`)).ok);
  await page.getByRole('button', { name: 'Remove notes.txt' }).click();
  await until('it is gone', async () => !(await fetch(`${server.url}/files/${id}`)).ok);
  await chat.ask('hello');
  const [message] = await server.items();
  assert.deepEqual(message.attachments, []);
});
