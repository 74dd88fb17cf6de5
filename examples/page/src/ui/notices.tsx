import { Markdown } from '../markdown';
import { linkUrl } from '../markdown/url';
import type { Conversation } from '../state/conversation';
import { Icon } from './icon';

/** What the server wants the user to know, above the composer. */
export function NoticeList({ conversation }: { conversation: Conversation }) {
  return (
    <>
      {conversation.notices.value.map(({ key, notice }) => (
        <div key={key} class="notice" data-level={notice.level} role={notice.level === 'danger' ? 'alert' : 'status'}>
          <Icon name={notice.level === 'info' ? 'info' : 'bolt'} />
          <div class="notice-body">
            {notice.title && <strong>{notice.title}</strong>}
            <Markdown text={notice.message} />
            {notice.actions && notice.actions.length > 0 && (
              <p class="notice-actions">
                {notice.actions.slice(0, 2).map(({ label, link }) => {
                  const href = linkUrl(link);
                  return href ? (
                    <a key={label} class="button small" href={href} target="_blank" rel="noopener noreferrer nofollow">
                      {label}
                    </a>
                  ) : null;
                })}
              </p>
            )}
          </div>
          <button type="button" class="icon-button" aria-label="Dismiss the notice" onClick={() => conversation.dismissNotice(key)}>
            <Icon name="cross" />
          </button>
        </div>
      ))}
    </>
  );
}
