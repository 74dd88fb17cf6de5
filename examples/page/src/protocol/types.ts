// The wire types of the protocol, as far as a client needs them. What a server sends is not checked against them: a
// field may be missing, and a type may be one that this page does not know.

import type { WidgetRoot } from '../widgets/types';

export interface Page<T> {
  data: T[];
  has_more?: boolean;
  after?: string | null;
}

export type ThreadStatus =
  | { type: 'active' }
  | { type: 'locked'; reason?: string | null }
  | { type: 'closed'; reason?: string | null };

export interface Thread {
  id: string;
  title?: string | null;
  created_at: string;
  status?: ThreadStatus;
  /** Where images in Markdown may come from. */
  allowed_image_domains?: string[] | null;
  /** Addresses that open without a question. */
  safe_urls?: string[] | null;
  items?: Page<Item>;
}

interface SourceBase {
  title: string;
  description?: string | null;
  timestamp?: string | null;
  group?: string | null;
}
export interface UrlSource extends SourceBase {
  type: 'url';
  url: string;
  attribution?: string | null;
}
export interface FileSource extends SourceBase {
  type: 'file';
  filename: string;
}
export interface EntitySource extends SourceBase {
  type: 'entity';
  id: string;
  icon?: string | null;
  label?: string | null;
  inline_label?: string | null;
  interactive?: boolean;
  data?: Record<string, unknown>;
}
export type Source = UrlSource | FileSource | EntitySource;

export interface Annotation {
  type: 'annotation';
  source: Source;
  /** Where it stands in the text, in characters. */
  index?: number | null;
}

export interface AssistantContent {
  type: 'output_text';
  text: string;
  annotations: Annotation[];
}

export interface TextContent {
  type: 'input_text';
  text: string;
}
export interface TagContent {
  type: 'input_tag';
  id: string;
  text: string;
  data?: Record<string, unknown>;
  group?: string | null;
  interactive?: boolean;
}
export type UserContent = TextContent | TagContent;

export interface UploadDescriptor {
  url: string;
  method: 'POST' | 'PUT';
  headers?: Record<string, string>;
}
export interface Attachment {
  type: 'file' | 'image';
  id: string;
  name: string;
  mime_type: string;
  preview_url?: string | null;
  upload_descriptor?: UploadDescriptor | null;
}

export interface InferenceOptions {
  model?: string | null;
  tool_choice?: { id: string } | null;
}

type TaskStatus = { status_indicator?: 'none' | 'loading' | 'complete' };
export type Task = TaskStatus &
  (
    | { type: 'custom'; title?: string | null; icon?: string | null; content?: string | null }
    | {
        type: 'web_search';
        title?: string | null;
        title_query?: string | null;
        queries?: string[];
        sources?: UrlSource[];
      }
    | { type: 'thought'; title?: string | null; content: string }
    | { type: 'file'; title?: string | null; sources?: FileSource[] }
    | { type: 'image'; title?: string | null }
  );

export interface Workflow {
  type: 'custom' | 'reasoning';
  tasks: Task[];
  summary?: { title: string; icon?: string | null } | { duration: number } | null;
  expanded?: boolean;
}

export interface StructuredAnswer {
  values: string[];
  skipped: boolean;
}
interface QuestionBase {
  id: string;
  question: string;
  answer?: StructuredAnswer | null;
}
export interface MultipleChoice extends QuestionBase {
  type: 'multiple_choice';
  options: { value: string }[];
  multiple?: boolean;
}
export interface Freeform extends QuestionBase {
  type: 'freeform';
  description?: string | null;
}
export type Question = MultipleChoice | Freeform;
export interface StructuredSubmission {
  status: 'answered' | 'skipped';
  answers: Record<string, StructuredAnswer>;
}

interface ItemBase {
  id: string;
  thread_id: string;
  created_at: string;
}
export interface UserMessage extends ItemBase {
  type: 'user_message';
  content: UserContent[];
  attachments?: Attachment[];
  quoted_text?: string | null;
  inference_options?: InferenceOptions;
}
export interface AssistantMessage extends ItemBase {
  type: 'assistant_message';
  content: AssistantContent[];
}
export interface ClientToolCall extends ItemBase {
  type: 'client_tool_call';
  status: 'pending' | 'completed';
  call_id: string;
  name: string;
  arguments: Record<string, unknown>;
  output?: unknown;
}
export interface WidgetItem extends ItemBase {
  type: 'widget';
  widget: WidgetRoot;
  copy_text?: string | null;
}
export interface GeneratedImageItem extends ItemBase {
  type: 'generated_image';
  image?: { id: string; url: string } | null;
  /** From 0 to 1 while it is made; only this page's. */
  progress?: number | null;
}
export interface StructuredInputItem extends ItemBase {
  type: 'structured_input';
  status: 'pending' | 'answered' | 'skipped';
  inputs: Question[];
}
export interface WorkflowItem extends ItemBase {
  type: 'workflow';
  workflow: Workflow;
}
export interface TaskItem extends ItemBase {
  type: 'task';
  task: Task;
}
export interface EndOfTurn extends ItemBase {
  type: 'end_of_turn';
}
export type Item =
  | UserMessage
  | AssistantMessage
  | ClientToolCall
  | WidgetItem
  | GeneratedImageItem
  | StructuredInputItem
  | WorkflowItem
  | TaskItem
  | EndOfTurn;

export type Update =
  | { type: 'assistant_message.content_part.added'; content_index: number; content: AssistantContent }
  | { type: 'assistant_message.content_part.text_delta'; content_index: number; delta: string }
  | {
      type: 'assistant_message.content_part.annotation_added';
      content_index: number;
      annotation_index: number;
      annotation: Annotation;
    }
  | { type: 'assistant_message.content_part.done'; content_index: number; content: AssistantContent }
  | { type: 'widget.streaming_text.value_delta'; component_id: string; delta: string; done: boolean }
  | { type: 'widget.component.updated'; component_id: string; component: unknown }
  | { type: 'widget.root.updated'; widget: WidgetRoot }
  | { type: 'workflow.task.added'; task_index: number; task: Task }
  | { type: 'workflow.task.updated'; task_index: number; task: Task }
  | { type: 'generated_image.updated'; image: { id: string; url: string }; progress?: number | null };

export interface Notice {
  type: 'notice';
  level: 'info' | 'warning' | 'danger';
  message: string;
  title?: string | null;
  actions?: { label: string; link: string }[];
}
export interface ErrorEvent {
  type: 'error';
  code?: string;
  message?: string | null;
  allow_retry?: boolean;
}
export type StreamEvent =
  | { type: 'thread.created'; thread: Thread }
  | { type: 'thread.updated'; thread: Thread }
  | { type: 'thread.item.added'; item: Item }
  | { type: 'thread.item.updated'; item_id: string; update: Update }
  | { type: 'thread.item.done'; item: Item }
  | { type: 'thread.item.removed'; item_id: string }
  | { type: 'thread.item.replaced'; item: Item }
  | { type: 'stream_options'; stream_options: { allow_cancel: boolean } }
  | { type: 'progress_update'; text: string; icon?: string | null }
  | { type: 'client_effect'; name: string; data?: Record<string, unknown> }
  | ErrorEvent
  | Notice;

export interface UserInput {
  content: UserContent[];
  quoted_text: string;
  attachments: string[];
  inference_options: InferenceOptions;
}
export interface Action {
  type: string;
  payload?: unknown;
}

/** Requests that are answered with a stream of events. */
export type StreamingRequest =
  | { type: 'threads.create'; params: { input: UserInput } }
  | { type: 'threads.add_user_message'; params: { input: UserInput; thread_id: string } }
  | { type: 'threads.add_client_tool_output'; params: { thread_id: string; result: unknown } }
  | {
      type: 'threads.add_structured_input';
      params: { thread_id: string; item_id: string; input: StructuredSubmission };
    }
  | { type: 'threads.retry_after_item'; params: { thread_id: string; item_id: string } }
  | { type: 'threads.custom_action'; params: { item_id: string | null; action: Action; thread_id: string } };

/** Requests that are answered with one JSON document: what they send, and what comes back. */
export interface Queries {
  'threads.get_by_id': [{ thread_id: string }, Thread];
  'threads.list': [{ limit: number; order: 'asc' | 'desc'; after?: string }, Page<Thread>];
  'items.list': [{ thread_id: string; limit: number; order: 'asc' | 'desc'; after?: string }, Page<Item>];
  'items.feedback': [{ thread_id: string; item_ids: string[]; kind: 'positive' | 'negative' }, unknown];
  'attachments.create': [{ name: string; size: number; mime_type: string }, Attachment];
  'attachments.delete': [{ attachment_id: string }, unknown];
  'attachments.get_preview': [{ attachment_id: string }, { url: string }];
  'threads.update': [{ thread_id: string; title: string }, Thread];
  'threads.delete': [{ thread_id: string }, unknown];
  'input.transcribe': [{ audio_base64: string; mime_type: string }, { text: string }];
  'threads.sync_custom_action': [
    { item_id: string | null; action: Action; thread_id: string },
    { updated_item?: Item | null },
  ];
}
