// Questions with a form of their own.

import { useId, useState } from 'preact/hooks';

import type { Question, StructuredAnswer, StructuredInputItem } from '../../protocol/types';
import type { Conversation } from '../../state/conversation';
import { Icon } from '../icon';

interface Props {
  item: StructuredInputItem;
  conversation: Conversation;
}

export function StructuredInputView({ item, conversation }: Props) {
  const open = item.status === 'pending' && conversation.status.value.type === 'active';
  return (
    <section class="questions" data-item={item.id} data-status={item.status} aria-label="Questions">
      {open ? <QuestionForm item={item} conversation={conversation} /> : <Answers item={item} />}
    </section>
  );
}

/** What has been chosen and written for one question. `own` is an answer besides the options. */
interface Entered {
  chosen: string[];
  own: string;
}
const NOTHING: Entered = { chosen: [], own: '' };

function answerOf({ chosen, own }: Entered): StructuredAnswer {
  const values = own.trim() === '' ? chosen : [...chosen, own.trim()];
  return { values, skipped: values.length === 0 };
}

function QuestionForm({ item, conversation }: Props) {
  const [entered, setEntered] = useState<Record<string, Entered>>({});
  const answers = Object.fromEntries(item.inputs.map((it) => [it.id, answerOf(entered[it.id] ?? NOTHING)]));
  const none = Object.values(answers).every((answer) => answer.skipped);
  const busy = conversation.running.value;

  function skip() {
    const skipped = item.inputs.map((it) => [it.id, { values: [], skipped: true }]);
    void conversation.answerQuestions(item.id, { status: 'skipped', answers: Object.fromEntries(skipped) });
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void conversation.answerQuestions(item.id, { status: 'answered', answers });
      }}
    >
      {item.inputs.map((question) => (
        <QuestionField
          key={question.id}
          question={question}
          entered={entered[question.id] ?? NOTHING}
          onEnter={(next) => setEntered((before) => ({ ...before, [question.id]: next }))}
        />
      ))}
      <div class="form-actions">
        <button type="button" class="button" disabled={busy} onClick={skip}>
          Skip
        </button>
        <button type="submit" class="button primary" disabled={busy || none}>
          Submit
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  question: Question;
  entered: Entered;
  onEnter(next: Entered): void;
}

function QuestionField({ question, entered, onEnter }: FieldProps) {
  const id = useId();
  if (question.type === 'freeform') {
    return (
      <div class="question">
        <label for={id}>{question.question}</label>
        {question.description && <p id={`${id}-more`}>{question.description}</p>}
        <textarea
          id={id}
          rows={2}
          value={entered.own}
          aria-describedby={question.description ? `${id}-more` : undefined}
          onInput={(event) => onEnter({ chosen: [], own: event.currentTarget.value })}
        />
      </div>
    );
  }
  const multiple = question.multiple === true;
  function choose(value: string, on: boolean) {
    if (!multiple) onEnter({ chosen: on ? [value] : [], own: '' });
    else onEnter({ ...entered, chosen: on ? [...entered.chosen, value] : entered.chosen.filter((it) => it !== value) });
  }
  return (
    <fieldset class="question">
      <legend>
        {question.question}
        {multiple && <small> Choose any.</small>}
      </legend>
      <div class="options">
        {question.options.map(({ value }) => (
          <label key={value} class="option">
            <input
              type={multiple ? 'checkbox' : 'radio'}
              name={id}
              checked={entered.chosen.includes(value)}
              onChange={(event) => choose(value, event.currentTarget.checked)}
            />
            <span>{value}</span>
          </label>
        ))}
      </div>
      <input
        class="own-answer"
        aria-label={`Another answer to: ${question.question}`}
        placeholder="Something else"
        value={entered.own}
        onInput={(event) => {
          const own = event.currentTarget.value;
          onEnter({ chosen: multiple || own === '' ? entered.chosen : [], own });
        }}
      />
    </fieldset>
  );
}

/** What was answered, or that it was not. */
function Answers({ item }: { item: StructuredInputItem }) {
  return (
    <dl class="answers">
      {item.inputs.map((question) => {
        const values = question.answer?.values ?? [];
        return (
          <div key={question.id}>
            <dt>{question.question}</dt>
            {values.length > 0 ? (
              values.map((value, n) => (
                <dd key={n}>
                  <Icon name="check" />
                  {value}
                </dd>
              ))
            ) : (
              <dd class="skipped">{item.status === 'pending' ? 'No answer' : 'Skipped'}</dd>
            )}
          </div>
        );
      })}
    </dl>
  );
}
