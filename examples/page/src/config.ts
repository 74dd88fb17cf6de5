// What the server says about the page: `/page.json`, in the terms of ChatKit's own options, and a few of this page.

import type { Action, UserContent } from './protocol/types';

export interface Prompt {
  label: string;
  prompt: string | UserContent[];
  icon?: string;
}
export interface Tool {
  id: string;
  label: string;
  icon?: string;
  shortLabel?: string;
  placeholderOverride?: string;
  pinned?: boolean;
  persistent?: boolean;
}
export interface Model {
  id: string;
  label: string;
  description?: string;
  disabled?: boolean;
  default?: boolean;
}
export interface Entity {
  id: string;
  title: string;
  icon?: string;
  interactive?: boolean;
  group?: string;
  data?: Record<string, string>;
}

export interface Config {
  title: string;
  api: {
    url: string;
    uploadStrategy: { type: 'two_phase' } | { type: 'direct'; uploadUrl: string };
  };
  startScreen: { greeting: string; prompts: Prompt[] };
  composer: {
    placeholder: string;
    attachments: { enabled: boolean; maxSize: number; maxCount: number; accept?: Record<string, string[]> };
    tools: Tool[];
    models: Model[];
    dictation: { enabled: boolean };
  };
  threadItemActions: { feedback: boolean; retry: boolean };
  disclaimer?: { text: string };
  /** What can be mentioned: a list to search in, or an address that answers `?q=` with one. */
  entities: { list?: Entity[]; searchUrl?: string };
  /** The results of client tools that are answered at once, by name; the user is asked for those of others. */
  clientTools: Record<string, unknown>;
  /** What the user can send without a widget. */
  actions: { label: string; action: Action }[];
}

type Partially<T> = { [K in keyof T]?: T[K] extends unknown[] ? T[K] : T[K] extends object ? Partially<T[K]> : T[K] };

/** Fills in what a server has left out. */
export function complete(given: Partially<Config>): Config {
  const composer = given.composer ?? {};
  return {
    title: given.title ?? 'ChatKit',
    api: { url: '/chatkit', uploadStrategy: { type: 'two_phase' }, ...given.api } as Config['api'],
    startScreen: { greeting: 'What can I help with today?', prompts: [], ...given.startScreen },
    composer: {
      placeholder: composer.placeholder ?? 'Message the AI',
      attachments: {
        enabled: false,
        maxSize: 100 * 1024 * 1024,
        maxCount: 10,
        ...(composer.attachments as Partial<Config['composer']['attachments']>),
      },
      tools: composer.tools ?? [],
      models: composer.models ?? [],
      dictation: { enabled: composer.dictation?.enabled ?? false },
    },
    threadItemActions: { feedback: true, retry: true, ...given.threadItemActions },
    ...(given.disclaimer?.text ? { disclaimer: { text: given.disclaimer.text } } : {}),
    entities: (given.entities ?? {}) as Config['entities'],
    clientTools: given.clientTools ?? {},
    actions: given.actions ?? [],
  };
}

/** Asks the server. Without an answer the page works with what every server has. */
export async function loadConfig(url = 'page.json'): Promise<Config> {
  try {
    const response = await fetch(url, { headers: { accept: 'application/json' } });
    if (response.ok) return complete((await response.json()) as Partially<Config>);
  } catch {
    // A server that has no such file, or a page on its own.
  }
  return complete({});
}

/** The entities that fit what stands behind the `@`. */
export async function searchEntities(config: Config, query: string, signal: AbortSignal): Promise<Entity[]> {
  const { list = [], searchUrl } = config.entities;
  if (!searchUrl) {
    const wanted = query.trim().toLowerCase();
    return list.filter((entity) => entity.title.toLowerCase().includes(wanted)).slice(0, 50);
  }
  const url = new URL(searchUrl, document.baseURI);
  url.searchParams.set('q', query);
  const response = await fetch(url, { signal });
  return response.ok ? ((await response.json()) as Entity[]) : [];
}
