import { useState } from 'preact/hooks';

import type { GeneratedImageItem } from '../../protocol/types';
import { imageUrl } from '../../widgets/url';
import { Icon } from '../icon';

/** An image that is made: its place, coarse pictures, then the picture. The place never changes its size. */
export function GeneratedImageView({ item, growing }: { item: GeneratedImageItem; growing: boolean }) {
  const [broken, setBroken] = useState(false);
  const src = imageUrl(item.image?.url);
  const percent = Math.round(Math.min(Math.max(item.progress ?? 0, 0), 1) * 100);
  const partial = growing && (item.progress ?? 0) < 1;
  return (
    <figure class="generated" data-item={item.id} data-partial={partial || undefined}>
      <div class="generated-frame">
        {src && !broken ? (
          <img src={src} alt={partial ? 'The image so far' : 'Generated image'} referrerpolicy="no-referrer" onError={() => setBroken(true)} />
        ) : (
          <span class="generated-empty">
            <Icon name="square-image" />
            {broken ? 'The image cannot be shown.' : growing ? 'Making an image' : 'There is no image.'}
          </span>
        )}
        {partial && (
          <span class="generated-bar" role="progressbar" aria-label="Making an image" aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
            <i style={{ width: `${percent}%` }} />
          </span>
        )}
        {src && !partial && !broken && (
          <a class="icon-button floating" href={src} download="image" aria-label="Download the image" title="Download the image">
            <Icon name="download" />
          </a>
        )}
      </div>
    </figure>
  );
}
