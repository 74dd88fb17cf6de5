import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import type { Chat } from '../state/chat';

export const ChatContext = createContext<Chat | null>(null);

export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error('outside of the page');
  return chat;
}
