import { effect } from '@preact/signals';
import { render } from 'preact';

import './styles/base.css';
import './styles/layout.css';
import './styles/markdown.css';
import './styles/thread.css';
import './styles/composer.css';
import './styles/inspector.css';
import { loadConfig } from './config';
import { Chat } from './state/chat';
import { theme } from './state/theme';
import { App } from './ui/app';

// Before anything is drawn: nothing is then drawn in other colours first.
effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
});

const root = document.getElementById('app');
if (root) {
  const config = await loadConfig();
  render(<App chat={new Chat(config)} />, root);
}
