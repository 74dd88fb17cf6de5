// Which addresses a widget may load.

const DATA_IMAGE = /^data:image\/(?:png|jpeg|gif|webp|avif|bmp|x-icon|svg\+xml)[;,]/i;

/**
 * The address of a picture, or nothing if it is not one that may be loaded: http, https (also relative to the page), or a
 * picture in a data URL. The result is for `src` of an `img`, where an SVG cannot run scripts.
 */
export function imageUrl(value: unknown, base: string = document.baseURI): string | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  if (DATA_IMAGE.test(value)) return value;
  try {
    const url = new URL(value, base);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}
