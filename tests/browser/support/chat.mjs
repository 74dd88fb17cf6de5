// The chat as its users find it: by roles and names, in one place.

export class Chat {
  constructor(page, showcase) {
    this.page = page;
    this.showcase = showcase;
  }

  /** Opens the page, or opens it anew. */
  async open() {
    this.response = await this.page.goto(`${this.showcase.url}/`);
    await this.composer.waitFor();
  }

  get composer() {
    return this.page.getByRole('textbox', { name: 'Message' });
  }

  get sendButton() {
    return this.page.getByRole('button', { name: 'Send', exact: true });
  }

  get stopButton() {
    return this.page.getByRole('button', { name: 'Stop', exact: true });
  }

  get retryButton() {
    return this.page.getByRole('button', { name: /^(Retry|Try again)$/ });
  }

  /** The conversation. */
  get log() {
    return this.page.getByRole('log');
  }

  /** A text in the conversation. */
  text(text) {
    return this.log.getByText(text).first();
  }

  /** Waits until a text is in the conversation. */
  async shows(text) {
    await this.text(text).waitFor();
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
    await this.sendButton.waitFor();
  }

  /** The list of threads. */
  get threads() {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }

  /** A thread in the list. */
  thread(title) {
    return this.threads.getByRole('link', { name: title, exact: true });
  }

  async newChat() {
    await this.page.getByRole('button', { name: 'New chat' }).first().click();
  }
}
