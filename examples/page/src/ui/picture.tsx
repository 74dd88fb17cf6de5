import { useEffect, useState } from 'preact/hooks';

import type { Attachment } from '../protocol/types';
import { useChat } from './context';
import { Icon } from './icon';

/** The preview of an image that was uploaded. A server may make the address only when it is asked for (`lazy`). */
export function Picture({ attachment }: { attachment: Attachment }) {
  const chat = useChat();
  const lazy = attachment.preview_url === 'lazy';
  const [url, setUrl] = useState(lazy ? undefined : previewUrl(attachment.preview_url));
  const [broken, setBroken] = useState(false);

  useEffect(() => {
    if (!lazy) {
      setUrl(previewUrl(attachment.preview_url));
      return undefined;
    }
    const controller = new AbortController();
    chat.client
      .query('attachments.get_preview', { attachment_id: attachment.id }, controller.signal)
      .then((answer) => setUrl(previewUrl(answer.url)))
      .catch(() => setBroken(true));
    return () => controller.abort();
  }, [attachment.id, attachment.preview_url, lazy]);

  if (broken || (!lazy && !url)) {
    return (
      <span class="file">
        <Icon name="square-image" />
        <span class="file-name">{attachment.name}</span>
        <small>{attachment.mime_type}</small>
      </span>
    );
  }
  return (
    <span class="picture" title={attachment.name}>
      {url && <img src={url} alt={attachment.name} referrerpolicy="no-referrer" onError={() => setBroken(true)} />}
    </span>
  );
}

/** Addresses an image may have: of the web, of this page, or in itself. */
function previewUrl(value: string | null | undefined): string | undefined {
  if (!value) return undefined;
  try {
    const url = new URL(value, document.baseURI);
    if (url.protocol === 'data:') return /^data:image\//i.test(value) ? value : undefined;
    return ['http:', 'https:', 'blob:'].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}
