// Widgets: what a server sends as JSON, rendered.
//
// The look is in `widgets.css`, as custom properties named `--ckw-…` that a page may set on `.ckw`.

import type { VNode } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';

import './widgets.css';
import { ButtonView } from './button';
import { ChartView } from './chart';
import { BadgeView, IconView, ImageView } from './content';
import { type Env, EnvContext, type Renderers, ScopeContext, ThemeContext, type WidgetAction } from './context';
import { CheckboxView, InputView, RadioGroupView, TextareaView } from './controls';
import { DatePickerView } from './date';
import { FieldStore, Scope } from './forms';
import { BoxView, ColView, DividerView, FormView, RowView, SpacerView, TransitionView } from './layout';
import { Node } from './node';
import { BasicView, CardView, ListViewItemView, ListViewView } from './roots';
import { SelectView } from './select';
import { StrayPart, TableView } from './table';
import { CaptionView, LabelView, MarkdownView, TextView, TitleView } from './text';
import type { WidgetRoot } from './types';

export { mergeFormValues } from './forms';
export type { WidgetAction } from './context';
export type { ActionConfig, WidgetRoot } from './types';

const RENDERERS: Renderers = {
  Badge: BadgeView,
  Basic: BasicView,
  Box: BoxView,
  Button: ButtonView,
  Caption: CaptionView,
  Card: CardView,
  Chart: ChartView,
  Checkbox: CheckboxView,
  Col: ColView,
  DatePicker: DatePickerView,
  Divider: DividerView,
  Form: FormView,
  Icon: IconView,
  Image: ImageView,
  Input: InputView,
  Label: LabelView,
  ListView: ListViewView,
  ListViewItem: ListViewItemView,
  Markdown: MarkdownView,
  RadioGroup: RadioGroupView,
  Row: RowView,
  Select: SelectView,
  Spacer: SpacerView,
  Table: TableView,
  'Table.Cell': StrayPart,
  'Table.Row': StrayPart,
  Text: TextView,
  Textarea: TextareaView,
  Title: TitleView,
  Transition: TransitionView,
};

export interface WidgetProps {
  /** The widget as the server sent it. Components that have not changed should be the same objects: they are not rendered again. */
  root: WidgetRoot;
  /** The item it belongs to: with another id, what has been entered is forgotten. */
  itemId: string;
  /**
   * Runs an action; the widget shows that it runs until the promise settles. The payload has the values of the form
   * already. `formValues` are those values alone, or null for an action that comes from no form; a control outside of a
   * form gives its own value. Failures are the page's to report.
   */
  onAction(action: WidgetAction, formValues: Record<string, unknown> | null): Promise<void>;
  /** Renders Markdown, safely: what a widget says is not trusted. */
  markdown(text: string): VNode;
  /** The page's theme, unless the widget has its own. */
  theme: 'light' | 'dark';
}

let widgets = 0;

/** A widget. Whatever the JSON is, it renders something. */
export function Widget(props: WidgetProps) {
  return <OneWidget key={props.itemId} {...props} />;
}

function OneWidget(props: WidgetProps) {
  const latest = useRef(props);
  latest.current = props;
  const element = useRef<HTMLDivElement>(null);
  const [held, setHeld] = useState(0);
  const outside = useMemo(() => new Scope(false), []);

  const env = useMemo<Env>(() => {
    /** Focuses again what had the focus when the widget became inert. */
    function hold() {
      const focused = document.activeElement;
      const inside = focused instanceof HTMLElement && element.current?.contains(focused);
      setHeld((n) => n + 1);
      return () => {
        setHeld((n) => n - 1);
        // Once it is rendered.
        requestAnimationFrame(() => {
          const lost = document.activeElement === null || document.activeElement === document.body;
          if (inside && lost && focused.isConnected) focused.focus({ preventScroll: true });
        });
      };
    }
    widgets += 1;
    return {
      uid: `ckw${widgets}`,
      fields: new FieldStore(),
      renderers: RENDERERS,
      markdown: (text) => latest.current.markdown(text),
      dispatch: (action, values) => latest.current.onAction(action, values),
      hold,
    };
  }, []);

  return (
    <div
      ref={element}
      class="ckw"
      data-theme={props.theme}
      aria-busy={held > 0 || undefined}
      inert={held > 0 || undefined}
    >
      <EnvContext.Provider value={env}>
        <ThemeContext.Provider value={props.theme}>
          <ScopeContext.Provider value={outside}>
            <Node node={props.root} path="" />
          </ScopeContext.Provider>
        </ThemeContext.Provider>
      </EnvContext.Provider>
    </div>
  );
}
