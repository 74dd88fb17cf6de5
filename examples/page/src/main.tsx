import { render } from 'preact';

import './styles/base.css';
import './styles/layout.css';
import './styles/markdown.css';
import './styles/thread.css';
import './styles/composer.css';
import './styles/inspector.css';
import { loadConfig } from './config';
import { Chat } from './state/chat';
import { App } from './ui/app';

const root = document.getElementById('app');
if (root) {
  const config = await loadConfig();
  render(<App chat={new Chat(config)} />, root);
}
