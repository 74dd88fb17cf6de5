// The widgets of the protocol, as they arrive. What a server sends is not checked against these types: whoever renders
// a field reads it through `values.ts`, `style.ts` or `colors.ts`, which take any JSON.

/** What a click, a choice or a submission asks for. */
export interface ActionConfig {
  type: string;
  payload?: unknown;
  /** Who handles it: the server (default) or the page. */
  handler?: 'server' | 'client';
  /** What shows that it runs; `auto` (default) depends on where it is bound. */
  loadingBehavior?: 'auto' | 'self' | 'container' | 'none';
  /** Whether the server answers with a stream of events (default) or with one JSON document. */
  streaming?: boolean;
}

export type Theme = 'light' | 'dark';
export interface ThemeColor {
  light: string;
  dark: string;
}
/** A token, a primitive such as `blue-500`, or a CSS colour; one for each theme if it is an object. */
export type Color = string | ThemeColor;
/** Pixels or CSS for sizes, units of spacing or CSS for gaps and paddings. */
export type Length = number | string;

export interface Spacing {
  top?: Length;
  right?: Length;
  bottom?: Length;
  left?: Length;
  x?: Length;
  y?: Length;
}

export interface Border {
  /** Pixels. */
  size: number;
  color?: Color;
  style?: 'solid' | 'dashed' | 'dotted' | 'double' | 'groove' | 'ridge' | 'inset' | 'outset';
}

export interface Borders {
  top?: number | Border;
  right?: number | Border;
  bottom?: number | Border;
  left?: number | Border;
  x?: number | Border;
  y?: number | Border;
}

export type Radius = '2xs' | 'xs' | 'sm' | 'md' | 'lg' | 'xl' | '2xl' | '3xl' | '4xl' | 'full' | '100%' | 'none';
export type Alignment = 'start' | 'center' | 'end' | 'baseline' | 'stretch';
export type Justification = 'start' | 'center' | 'end' | 'between' | 'around' | 'evenly' | 'stretch';
export type Direction = 'row' | 'col';
export type Wrap = 'nowrap' | 'wrap' | 'wrap-reverse';
export type ControlVariant = 'solid' | 'soft' | 'outline' | 'ghost';
export type ControlSize = '3xs' | '2xs' | 'xs' | 'sm' | 'md' | 'lg' | 'xl' | '2xl' | '3xl';
export type GutterSize = '2xs' | 'xs' | 'sm' | 'md' | 'lg' | 'xl';
export type TextSize = 'xs' | 'sm' | 'md' | 'lg' | 'xl';
export type Weight = 'normal' | 'medium' | 'semibold' | 'bold';
export type TextAlign = 'start' | 'center' | 'end';

/** What every component has. */
interface Base<Type extends string> {
  type: Type;
  /** Names the component for updates. */
  id?: string;
  /** Says which entry of a list it is, when the list changes. */
  key?: string;
}

export interface Sizes {
  height?: Length;
  width?: Length;
  size?: Length;
  minHeight?: Length;
  minWidth?: Length;
  minSize?: Length;
  maxHeight?: Length;
  maxWidth?: Length;
  maxSize?: Length;
  aspectRatio?: number | string;
}

export interface Layout extends Sizes {
  children?: Component[];
  align?: Alignment;
  justify?: Justification;
  wrap?: Wrap;
  flex?: number | string;
  gap?: Length;
  padding?: Length | Spacing;
  margin?: Length | Spacing;
  border?: number | Border | Borders;
  radius?: Radius;
  background?: Color;
}

interface TextStyle {
  value: string;
  color?: Color;
  weight?: Weight;
  textAlign?: TextAlign;
  truncate?: boolean;
  maxLines?: number;
}

export interface Status {
  text: string;
  favicon?: string;
  frame?: boolean;
  icon?: string;
}

export interface CardAction {
  label: string;
  action: ActionConfig;
}

export interface Card extends Base<'Card'> {
  children: Component[];
  /** Whether it is a form: `confirm` is checked, and both actions carry the values of its controls. */
  asForm?: boolean;
  background?: Color;
  border?: number | Border | Borders;
  size?: 'sm' | 'md' | 'lg' | 'full';
  padding?: Length | Spacing;
  status?: Status;
  collapsed?: boolean;
  confirm?: CardAction;
  cancel?: CardAction;
  theme?: Theme;
}

export interface ListView extends Base<'ListView'> {
  children: ListViewItem[];
  limit?: number | 'auto';
  status?: Status;
  theme?: Theme;
}

export interface ListViewItem extends Base<'ListViewItem'> {
  children: Component[];
  onClickAction?: ActionConfig;
  gap?: Length;
  align?: Alignment;
}

export interface Basic extends Base<'Basic'> {
  children: (Component | WidgetRoot)[];
  direction?: Direction;
  gap?: Length;
  padding?: Length | Spacing;
  align?: Alignment;
  justify?: Justification;
  theme?: Theme;
}

export interface Box extends Base<'Box'>, Layout {
  direction?: Direction;
}
export interface Row extends Base<'Row'>, Layout {}
export interface Col extends Base<'Col'>, Layout {}
export interface Form extends Base<'Form'>, Layout {
  onSubmitAction?: ActionConfig;
  direction?: Direction;
}
export interface Spacer extends Base<'Spacer'> {
  minSize?: Length;
}
export interface Divider extends Base<'Divider'> {
  color?: Color;
  size?: Length;
  spacing?: Length;
  flush?: boolean;
}
export interface Transition extends Base<'Transition'> {
  children: Component | null;
}

export interface Editable {
  name: string;
  autoFocus?: boolean;
  autoSelect?: boolean;
  autoComplete?: string;
  allowAutofillExtensions?: boolean;
  pattern?: string;
  placeholder?: string;
  required?: boolean;
}

export interface Text extends Base<'Text'>, TextStyle {
  streaming?: boolean;
  italic?: boolean;
  lineThrough?: boolean;
  width?: Length;
  size?: TextSize;
  minLines?: number;
  editable?: false | Editable;
}
export interface Title extends Base<'Title'>, TextStyle {
  size?: 'sm' | 'md' | 'lg' | 'xl' | '2xl' | '3xl' | '4xl' | '5xl';
}
export interface Caption extends Base<'Caption'>, TextStyle {
  size?: 'sm' | 'md' | 'lg';
}
export interface Markdown extends Base<'Markdown'> {
  value: string;
  streaming?: boolean;
}
export interface Label extends Base<'Label'> {
  value: string;
  /** The name of the control it belongs to, in the same form. */
  fieldName: string;
  size?: TextSize;
  weight?: Weight;
  textAlign?: TextAlign;
  color?: Color;
}

export interface Badge extends Base<'Badge'> {
  label: string;
  color?: 'secondary' | 'success' | 'danger' | 'warning' | 'info' | 'discovery';
  variant?: 'solid' | 'soft' | 'outline';
  size?: 'sm' | 'md' | 'lg';
  pill?: boolean;
}
export interface Icon extends Base<'Icon'> {
  name: string;
  color?: Color;
  size?: 'xs' | 'sm' | 'md' | 'lg' | 'xl' | '2xl' | '3xl';
}
export interface Image extends Base<'Image'>, Sizes {
  src: string;
  alt?: string;
  fit?: 'cover' | 'contain' | 'fill' | 'scale-down' | 'none';
  position?: 'top left' | 'top' | 'top right' | 'left' | 'center' | 'right' | 'bottom left' | 'bottom' | 'bottom right';
  radius?: Radius;
  frame?: boolean;
  flush?: boolean;
  margin?: Length | Spacing;
  background?: Color;
  flex?: number | string;
}

export type ButtonColor = 'primary' | 'secondary' | 'info' | 'discovery' | 'success' | 'caution' | 'warning' | 'danger';

export interface Button extends Base<'Button'> {
  label?: string;
  /** Whether it submits the nearest form. Its own action, if it has one, then stands in for the form's. */
  submit?: boolean;
  onClickAction?: ActionConfig;
  iconStart?: string;
  iconEnd?: string;
  style?: 'primary' | 'secondary';
  iconSize?: 'sm' | 'md' | 'lg' | 'xl' | '2xl';
  color?: ButtonColor;
  variant?: ControlVariant;
  size?: ControlSize;
  pill?: boolean;
  uniform?: boolean;
  block?: boolean;
  disabled?: boolean;
}

interface Field {
  /** Where the value is in the payload of an action; dots lead into objects. */
  name: string;
  disabled?: boolean;
}

interface TextField extends Field {
  defaultValue?: string;
  required?: boolean;
  pattern?: string;
  placeholder?: string;
  allowAutofillExtensions?: boolean;
  autoSelect?: boolean;
  autoFocus?: boolean;
  variant?: 'soft' | 'outline';
  size?: ControlSize;
  gutterSize?: GutterSize;
}

export interface Input extends Base<'Input'>, TextField {
  inputType?: 'number' | 'email' | 'text' | 'password' | 'tel' | 'url';
  pill?: boolean;
}
export interface Textarea extends Base<'Textarea'>, TextField {
  rows?: number;
  autoResize?: boolean;
  maxRows?: number;
}
export interface Checkbox extends Base<'Checkbox'>, Field {
  label?: string;
  defaultChecked?: boolean;
  onChangeAction?: ActionConfig;
  required?: boolean;
}
export interface RadioGroup extends Base<'RadioGroup'>, Field {
  options?: { label: string; value: string; disabled?: boolean }[];
  ariaLabel?: string;
  onChangeAction?: ActionConfig;
  defaultValue?: string;
  direction?: Direction;
  required?: boolean;
}

interface Picker extends Field {
  onChangeAction?: ActionConfig;
  placeholder?: string;
  defaultValue?: string;
  variant?: ControlVariant;
  size?: ControlSize;
  pill?: boolean;
  block?: boolean;
  clearable?: boolean;
}

export interface SelectOption {
  value: string;
  label: string;
  disabled?: boolean;
  description?: string;
}
export interface Select extends Base<'Select'>, Picker {
  options: SelectOption[];
  searchable?: boolean;
}
export interface DatePicker extends Base<'DatePicker'>, Picker {
  /** ISO 8601, as are the others: a date, or a date and time. */
  min?: string;
  max?: string;
  side?: 'top' | 'bottom' | 'left' | 'right';
  align?: 'start' | 'center' | 'end';
}

export interface Table extends Base<'Table'> {
  children?: TableRow[];
}
export interface TableRow extends Base<'Table.Row'> {
  children?: TableCell[];
  header?: boolean;
}
export interface TableCell extends Base<'Table.Cell'> {
  children?: Component[];
  width?: Length;
  padding?: Spacing;
  colSpan?: number;
  rowSpan?: number;
  align?: TextAlign;
  vAlign?: TextAlign;
  colSize?: 'xs' | 'sm' | 'md' | 'lg' | 'xl';
}

export interface Series {
  type: 'bar' | 'area' | 'line';
  dataKey: string;
  label?: string;
  /** Series of the same word are stacked; bars and areas only. */
  stack?: string;
  color?: Color;
  /** The names are those of d3-shape; areas and lines only. */
  curveType?: string;
}
export interface Chart extends Base<'Chart'>, Sizes {
  data: Record<string, string | number>[];
  series: Series[];
  xAxis: string | { dataKey: string; hide?: boolean; labels?: Record<string, string> };
  showYAxis?: boolean;
  showLegend?: boolean;
  showTooltip?: boolean;
  barGap?: number;
  barCategoryGap?: number;
  flex?: number | string;
}

export type Component =
  | Badge
  | Box
  | Button
  | Caption
  | Chart
  | Checkbox
  | Col
  | DatePicker
  | Divider
  | Form
  | Icon
  | Image
  | Input
  | Label
  | ListViewItem
  | Markdown
  | RadioGroup
  | Row
  | Select
  | Spacer
  | Table
  | TableCell
  | TableRow
  | Text
  | Textarea
  | Title
  | Transition;

export type WidgetRoot = Card | ListView | Basic;

/** Any component, as far as one knows before its type. */
export type AnyNode = Component | WidgetRoot;
