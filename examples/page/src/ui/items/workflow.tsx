// What the assistant does on the way to an answer: reasoning, searches, steps.

import { useState } from 'preact/hooks';

import { Markdown } from '../../markdown';
import type { Task, WorkflowItem } from '../../protocol/types';
import { hasIcon, Icon } from '../icon';
import { SourceRow } from './source';

export function WorkflowView({ item, growing }: { item: WorkflowItem; growing: boolean }) {
  const { workflow } = item;
  // Until the user has decided, it is as the server says; steps that are running are shown.
  const [chosen, setChosen] = useState<boolean | undefined>();
  const open = chosen ?? (workflow.expanded === true || (growing && workflow.type === 'custom'));
  const title = titleOf(item, growing);
  const summary = workflow.summary;
  const icon = summary && 'icon' in summary && hasIcon(summary.icon) ? summary.icon : workflow.type === 'reasoning' ? 'lightbulb' : 'settings-slider';
  const body = `workflow-${item.id}`;
  return (
    <section class="workflow" data-item={item.id} data-open={open || undefined}>
      <button
        type="button"
        class="workflow-head"
        aria-expanded={open}
        aria-controls={body}
        disabled={workflow.tasks.length === 0}
        onClick={() => setChosen(!open)}
      >
        <Icon name={icon} />
        <span class={growing ? 'shimmer' : undefined}>{title}</span>
        <Icon name="chevron-down" class="workflow-arrow" />
      </button>
      <div class="workflow-body" id={body} inert={!open} aria-hidden={!open}>
        <ol>
          {workflow.tasks.map((task, n) => (
            <li key={n}>
              <TaskView task={task} growing={growing && n === workflow.tasks.length - 1} />
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

function titleOf({ workflow }: WorkflowItem, growing: boolean): string {
  const { summary, tasks, type } = workflow;
  if (summary && 'title' in summary) return summary.title;
  if (summary && 'duration' in summary) return `Thought for ${formatDuration(summary.duration)}`;
  const last = tasks.at(-1);
  if (growing && last) return taskTitle(last);
  if (type === 'reasoning') return growing ? 'Thinking' : 'Thought';
  return growing ? 'Working' : tasks.length === 1 ? '1 step' : `${tasks.length} steps`;
}

function formatDuration(seconds: number): string {
  if (seconds < 60) return seconds === 1 ? 'a second' : `${Math.round(seconds)} seconds`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function taskTitle(task: Task): string {
  switch (task.type) {
    case 'web_search':
      return task.title || (task.title_query ? `Searching for “${task.title_query}”` : 'Searching the web');
    case 'thought':
      return task.title || 'Thinking';
    case 'file':
      return task.title || 'Reading files';
    case 'image':
      return task.title || 'Making an image';
    default:
      return task.title || 'Working';
  }
}

const ICONS: Record<string, string> = {
  web_search: 'globe',
  thought: 'lightbulb',
  file: 'document',
  image: 'square-image',
};

/** One step, in a workflow or on its own. */
export function TaskView({ task, growing, alone = false }: { task: Task; growing: boolean; alone?: boolean }) {
  const loading = task.status_indicator === 'loading' || (growing && task.status_indicator !== 'complete');
  const own = task.type === 'custom' && hasIcon(task.icon) ? task.icon : (ICONS[task.type] ?? 'dot');
  const titled = task.type !== 'thought' || task.title;
  return (
    <div class={alone ? 'task alone' : 'task'} data-state={loading ? 'loading' : task.status_indicator}>
      <span class="task-mark">
        {loading ? <span class="spinner" role="img" aria-label="running" /> : <Icon name={task.status_indicator === 'complete' ? 'check-circle' : own} />}
      </span>
      <div class="task-body">
        {titled && <p class="task-title">{taskTitle(task)}</p>}
        {(task.type === 'thought' || task.type === 'custom') && task.content && (
          <Markdown text={task.content} growing={growing} />
        )}
        {task.type === 'web_search' && task.queries && task.queries.length > 0 && (
          <ul class="chips" aria-label="Queries">
            {task.queries.map((query, n) => (
              <li key={n}>
                <Icon name="search" />
                {query}
              </li>
            ))}
          </ul>
        )}
        {(task.type === 'web_search' || task.type === 'file') && task.sources && task.sources.length > 0 && (
          <ul class="task-sources" aria-label="Sources">
            {task.sources.map((source, n) => (
              <li key={n}>
                <SourceRow source={source} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
