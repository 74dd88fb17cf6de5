// Badges, icons and images.

import { useState } from 'preact/hooks';

import { color } from './colors';
import { type NodeProps, useTheme } from './context';
import { Glyph } from './icons';
import { share } from './layout';
import { compact, margins, radius, sizes } from './style';
import type { Badge, Icon, Image } from './types';
import { imageUrl } from './url';
import { classes, oneOf, text, word } from './values';

const BADGE_COLORS = ['secondary', 'success', 'danger', 'warning', 'info', 'discovery'] as const;
const ICON_SIZES = ['xs', 'sm', 'md', 'lg', 'xl', '2xl', '3xl'] as const;
const FITS = ['cover', 'contain', 'fill', 'scale-down', 'none'] as const;
const POSITIONS = [
  'top left',
  'top',
  'top right',
  'left',
  'center',
  'right',
  'bottom left',
  'bottom',
  'bottom right',
] as const;

export function BadgeView({ node }: NodeProps<Badge>) {
  const name = classes(
    'ckw-badge',
    `ckw-tone-${oneOf(node.color, BADGE_COLORS) ?? 'secondary'}`,
    `ckw-badge-${oneOf(node.variant, ['solid', 'soft', 'outline'] as const) ?? 'soft'}`,
    `ckw-badge-${oneOf(node.size, ['sm', 'md', 'lg'] as const) ?? 'sm'}`,
    node.pill === true && 'ckw-pill',
  );
  return <span class={name}>{text(node.label)}</span>;
}

export function IconView({ node }: NodeProps<Icon>) {
  const style = compact({ color: color(node.color, 'text', useTheme()) });
  return (
    <span class={`ckw-icon ckw-icon-${oneOf(node.size, ICON_SIZES) ?? 'md'}`} style={style}>
      <Glyph name={text(node.name)} />
    </span>
  );
}

/** A picture, or its frame with the text that stands for it if it may not or cannot be loaded. */
export function ImageView({ node }: NodeProps<Image>) {
  const theme = useTheme();
  const [broken, setBroken] = useState<string>();
  const src = imageUrl(node.src);
  const flush = node.flush === true;
  const size = sizes(node);
  // From edge to edge is wider than the space it is in.
  if (flush && size.width === '100%') size.width = undefined;
  const style = compact(size, margins(node.margin), {
    flex: share(node),
    'border-radius': radius(node.radius),
    background: color(node.background, 'surface', theme),
    'object-fit': oneOf(node.fit, FITS),
    'object-position': oneOf(node.position, POSITIONS),
  });
  const name = classes('ckw-image', node.frame === true && 'ckw-frame', flush && 'ckw-flush');
  const alt = text(node.alt);
  if (!src || broken === src) {
    return (
      <span class={classes(name, 'ckw-missing')} style={style}>
        <Glyph name="square-image" />
        {word(alt) && <span>{alt}</span>}
      </span>
    );
  }
  return (
    <img
      class={name}
      style={style}
      src={src}
      alt={alt}
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      draggable={false}
      onError={() => setBroken(src)}
    />
  );
}
