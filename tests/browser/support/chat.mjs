// The chat as its users find it: by roles and names, in one place.

export class Chat {
  constructor(page, server) {
    this.page = page;
    this.server = server;
  }

  /** Opens the page. */
  async open() {
    this.response = await this.page.goto(`${this.server.url}/`);
    await this.page.getByRole('log').waitFor();
  }

  /** Where the user writes. Not there in a thread that takes no messages. */
  get composer() {
    return this.page.getByRole('textbox', { name: 'Message' });
  }

  get sendButton() {
    return this.page.getByRole('button', { name: 'Send', exact: true });
  }

  get stopButton() {
    return this.page.getByRole('button', { name: 'Stop', exact: true });
  }

  /** What is offered below an error. */
  get retryButton() {
    return this.log.getByRole('button', { name: 'Try again' });
  }

  /** The conversation. */
  get log() {
    return this.page.getByRole('log', { name: 'Messages' });
  }

  /** A text in the conversation. */
  text(text) {
    return this.log.getByText(text).first();
  }

  /** Waits until a text is in the conversation. */
  async shows(text) {
    await this.text(text).waitFor();
  }

  /** The answer that repeats a text. In the midst of it is its source. */
  echo(text) {
    const quoted = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return this.log.locator('p', { hasText: new RegExp(`^ECHO\\[.*${quoted}`, 's') }).first();
  }

  async echoes(text) {
    await this.echo(text).waitFor();
  }

  /** Sends a message. */
  async send(text) {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Sends a message, and waits until the answer is over. */
  async ask(text) {
    await this.send(text);
    await this.finished();
  }

  /** Waits until no answer is under way. */
  async finished() {
    await this.page.locator('[role=log]:not([aria-busy=true])').waitFor();
  }

  /** Adds a file to the message. */
  async attach(name, mimeType, buffer) {
    await this.page.getByLabel('Files', { exact: true }).setInputFiles({ name, mimeType, buffer });
  }

  /** Chooses from the menu of the composer. */
  async pick(option) {
    await this.page.getByRole('button', { name: 'Add files or choose a tool' }).click();
    await this.page.locator('[role^=menuitem]:visible', { hasText: option }).click();
  }

  /** The list of threads. */
  get threads() {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }

  /** A thread in the list. */
  thread(title) {
    return this.threads.getByRole('button', { name: title, exact: true });
  }

  async newChat() {
    await this.threads.getByRole('button', { name: 'New chat' }).click();
  }

  async renameThread(title, to) {
    await this.choose(title, 'Rename');
    const field = this.page.getByRole('textbox', { name: 'Title of the conversation' });
    await field.fill(to);
    await field.press('Enter');
  }

  async deleteThread(title) {
    await this.choose(title, 'Delete');
    await this.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  }

  /** Chooses from the menu of a thread. */
  async choose(title, option) {
    await this.page.getByRole('button', { name: `Options of ${title}` }).click();
    await this.page.getByRole('menuitem', { name: option }).click();
  }

  /** Shows what goes over the wire. */
  async inspect() {
    await this.page.getByRole('button', { name: 'Inspector', exact: true }).click();
    return this.page.getByRole('complementary', { name: 'Inspector' });
  }
}
