// The files of a message that is being written.

import { signal } from '@preact/signals';

import type { Config } from '../config';
import type { Client } from '../protocol/client';
import { isAbort, messageOf } from '../protocol/failure';
import type { Attachment } from '../protocol/types';

export interface Upload {
  key: number;
  name: string;
  size?: number;
  /** What the page shows of an image until the server has it. */
  preview?: string;
  state: 'uploading' | 'ready' | 'failed';
  attachment?: Attachment;
  message?: string;
}

export class Uploads {
  readonly list = signal<Upload[]>([]);
  private count = 0;
  private readonly running = new Map<number, AbortController>();

  constructor(
    private readonly client: Client,
    private readonly config: Config,
  ) {}

  /** Whether all of them are on the server. */
  get ready(): boolean {
    return this.list.value.every((upload) => upload.state === 'ready');
  }

  /** Starts uploading; returns what is not taken, with the reason. */
  add(files: Iterable<File>): string[] {
    const { maxSize, maxCount } = this.config.composer.attachments;
    const refused: string[] = [];
    for (const file of files) {
      if (this.list.value.length >= maxCount) refused.push(`${file.name}: ${maxCount} files are the most a message can have.`);
      else if (file.size > maxSize) refused.push(`${file.name} is larger than ${formatSize(maxSize)}.`);
      else void this.start(file);
    }
    return refused;
  }

  private async start(file: File): Promise<void> {
    this.count += 1;
    const key = this.count;
    const upload: Upload = { key, name: file.name, size: file.size, state: 'uploading' };
    if (file.type.startsWith('image/')) upload.preview = URL.createObjectURL(file);
    this.list.value = [...this.list.value, upload];
    const controller = new AbortController();
    this.running.set(key, controller);
    try {
      const strategy = this.config.api.uploadStrategy;
      if (strategy.type === 'direct') {
        const attachment = await this.client.uploadDirect(file, strategy.uploadUrl, controller.signal);
        this.change(key, { state: 'ready', attachment });
        return;
      }
      const { name, size, type } = file;
      const params = { name, size, mime_type: type || 'application/octet-stream' };
      const attachment = await this.client.query('attachments.create', params);
      this.change(key, { attachment });
      if (controller.signal.aborted) this.forget(attachment);
      else if (attachment.upload_descriptor) await this.client.upload(file, attachment.upload_descriptor, controller.signal);
      this.change(key, { state: 'ready' });
    } catch (error) {
      if (!isAbort(error)) this.change(key, { state: 'failed', message: messageOf(error) });
    } finally {
      this.running.delete(key);
    }
  }

  /** Takes a file out of the message; the server forgets it too. */
  remove(key: number): void {
    const upload = this.list.value.find((it) => it.key === key);
    this.running.get(key)?.abort();
    if (upload?.attachment) this.forget(upload.attachment);
    if (upload?.preview) URL.revokeObjectURL(upload.preview);
    this.list.value = this.list.value.filter((it) => it.key !== key);
  }

  /** The attachments of a message that is sent now. They keep their previews. */
  take(): Attachment[] {
    const taken = this.list.value.flatMap(({ attachment, preview }) => {
      if (!attachment) return [];
      return [preview ? { ...attachment, preview_url: preview } : attachment];
    });
    this.list.value = [];
    return taken;
  }

  /** Gives back the attachments of a message that was not sent. */
  restore(attachments: Attachment[]): void {
    const restored = attachments.map((attachment): Upload => {
      this.count += 1;
      const preview = attachment.preview_url;
      return { key: this.count, name: attachment.name, state: 'ready', attachment, ...(preview ? { preview } : {}) };
    });
    this.list.value = [...restored, ...this.list.value];
  }

  private forget(attachment: Attachment): void {
    // When this fails, an unused file stays on the server, and there is nothing that the user could do about it.
    this.client.query('attachments.delete', { attachment_id: attachment.id }).catch(() => {});
  }

  private change(key: number, change: Partial<Upload>): void {
    this.list.value = this.list.value.map((it) => (it.key === key ? { ...it, ...change } : it));
  }
}

export function formatSize(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}
