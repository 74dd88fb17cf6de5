// Which addresses content may link to, and which images it may load.

const LINKS = new Set(['http:', 'https:', 'mailto:', 'tel:']);
const DATA_IMAGE = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,[a-z0-9+/=]+$/i;

/** An address for `href`, or nothing: scripts, data and whatever else is no place to go to. */
export function linkUrl(value: string, base: string = document.baseURI): string | undefined {
  try {
    const url = new URL(value, base);
    return LINKS.has(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/**
 * An address for the `src` of an image in Markdown, or nothing. A picture from another host tells that host what is in
 * its address, so besides pictures in data URLs and those of this server only the domains that a thread allows are loaded.
 */
export function imageUrl(
  value: string,
  allowedDomains: readonly string[] = [],
  base: string = document.baseURI,
): string | undefined {
  if (DATA_IMAGE.test(value)) return value;
  try {
    const url = new URL(value, base);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
    if (url.origin === new URL(base).origin) return url.href;
    const allowed = allowedDomains.some((domain) => url.hostname === domain || url.hostname.endsWith(`.${domain}`));
    return allowed ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** What to call a place on the web. */
export function hostOf(value: string): string {
  try {
    return new URL(value).hostname.replace(/^www\./, '');
  } catch {
    return value;
  }
}
