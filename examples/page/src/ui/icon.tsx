import { iconPaths, ICON_NAMES } from '../widgets/icons';

/** The drawings of the page itself, on a grid of 24. */
const OWN: Record<string, string[]> = {
  'arrow-down': ['M12 5v14M6 13l6 6 6-6'],
  'arrow-up': ['M12 19V5.5M6 11l6-6 6 6'],
  at: ['M15.5 12a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zM15.5 8.5v4.7c0 1.6 1 2.5 2.3 2.5 1.6 0 2.7-1.5 2.7-3.9A8.5 8.5 0 1 0 17 18.9'],
  'chevron-down': ['M6 9.5l6 6 6-6'],
  compose: ['M19.5 13v6.5h-15v-15H11M10 14l.6-2.9L18.4 3.3l2.3 2.3-7.8 7.8z'],
  copy: ['M9 9h11v11H9zM5.5 15H4V4h11v1.5'],
  cross: ['M6.5 6.5l11 11M17.5 6.5l-11 11'],
  download: ['M12 4v11M7 11l5 5 5-5M5 20h14'],
  lock: ['M6 10.5h12V20H6zM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5'],
  microphone: ['M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3'],
  monitor: ['M3.5 5h17v11h-17zM9 20h6M12 16v4'],
  moon: ['M20 14.2A8.3 8.3 0 0 1 9.8 4 8.3 8.3 0 1 0 20 14.2z'],
  paperclip: ['M20 11.5l-7.8 7.8a5 5 0 0 1-7-7l8.5-8.6a3.3 3.3 0 0 1 4.7 4.7l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4l7.8-7.7'],
  quote: ['M10 6.5c-3 .7-5 3-5 6.5v4.5h5.5V12H7.8M19.5 6.5c-3 .7-5 3-5 6.5v4.5H20V12h-2.7'],
  sidebar: ['M3.5 5h17v14h-17zM9.5 5v14'],
  stop: ['+M7 7h10v10H7z'],
  sun: ['M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4'],
  terminal: ['M3.5 5h17v14h-17zM7 9.5l3 2.5-3 2.5M12 15h4.5'],
  'thumb-down': ['M7 4.5H4v9h3M7 13.5l4 7c1.6 0 2.5-1 2.5-2.5V14h4.6a2 2 0 0 0 2-2.4l-1.1-5.5a2 2 0 0 0-2-1.6H7z'],
  'thumb-up': ['M7 19.5H4v-9h3M7 10.5l4-7c1.6 0 2.5 1 2.5 2.5v4h4.6a2 2 0 0 1 2 2.4L19 17.9a2 2 0 0 1-2 1.6H7z'],
  trash: ['M4.5 7h15M9 7V4.5h6V7M6.5 7l1 13h9l1-13M10.5 11v5.5M13.5 11v5.5'],
};

/** An icon of the page or of the protocol. It says nothing to those who do not see it. */
export function Icon({ name, class: extra }: { name: string; class?: string }) {
  const own = Object.hasOwn(OWN, name) ? OWN[name] : undefined;
  return (
    <svg class={extra ? `icon ${extra}` : 'icon'} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {(own ?? iconPaths(name)).map((path) =>
        path.startsWith('+') ? (
          <path key={path} d={path.slice(1)} fill="currentColor" stroke="none" />
        ) : (
          <path key={path} d={path} />
        ),
      )}
    </svg>
  );
}

/** Whether there is a drawing for a name, which may have a prefix. */
export function hasIcon(name: string | null | undefined): name is string {
  return !!name && ICON_NAMES.includes(name.slice(name.indexOf(':') + 1));
}
