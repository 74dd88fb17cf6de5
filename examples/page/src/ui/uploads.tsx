import { formatSize, type Uploads } from '../state/uploads';
import { Icon } from './icon';

/** The files of the message that is being written. */
export function UploadList({ uploads }: { uploads: Uploads }) {
  if (uploads.list.value.length === 0) return null;
  return (
    <ul class="uploads" aria-label="Files of this message">
      {uploads.list.value.map(({ key, name, size, preview, state, message }) => (
        <li key={key} class="upload" data-state={state} title={message ?? name}>
          {preview ? (
            <img src={preview} alt="" />
          ) : (
            <span class="upload-icon">
              <Icon name="document" />
            </span>
          )}
          <span class="upload-text">
            <span class="file-name">{name}</span>
            <small role={state === 'failed' ? 'alert' : 'status'}>
              {state === 'uploading' ? 'Uploading…' : state === 'failed' ? message : size === undefined ? '' : formatSize(size)}
            </small>
          </span>
          {state === 'uploading' && <span class="spinner" aria-hidden="true" />}
          <button type="button" class="icon-button" aria-label={`Remove ${name}`} onClick={() => uploads.remove(key)}>
            <Icon name="cross" />
          </button>
        </li>
      ))}
    </ul>
  );
}
