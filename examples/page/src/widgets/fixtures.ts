// Widgets for tests and for looking at: every component of the protocol with its fields.

import type { WidgetRoot } from './types';

const action = (type: string, more: object = {}) => ({ type, ...more });
const PICTURE =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="270"><defs><linearGradient id="g" x2="1" y2="1">' +
      '<stop stop-color="#7cc4ff"/><stop offset="1" stop-color="#ffb37c"/></linearGradient></defs>' +
      '<rect width="480" height="270" fill="url(#g)"/><path d="M0 220l120-90 80 60 110-110 170 140v50H0z" fill="#24506e"/>' +
      '<circle cx="380" cy="70" r="32" fill="#fff3c4"/></svg>',
  );

/** As servers send them; some have what the types do not know. */
export const FIXTURES: Record<string, unknown> = {
  card: {
    type: 'Card',
    size: 'sm',
    status: { text: 'Draft', icon: 'mail' },
    confirm: { label: 'Send', action: action('email.send') },
    cancel: { label: 'Discard', action: action('email.discard', { loadingBehavior: 'self' }) },
    children: [
      {
        type: 'Row',
        children: [
          { type: 'Title', value: 'Lunch on Friday?', size: 'sm' },
          { type: 'Spacer' },
          { type: 'Badge', label: 'New', color: 'info' },
        ],
      },
      { type: 'Text', value: 'Hi Ada, shall we meet at noon at the harbour? The new place has tables outside.' },
      { type: 'Divider', flush: true },
      { type: 'Caption', value: 'To ada@example.com · 2 attachments' },
    ],
  },
  form: {
    type: 'Card',
    asForm: true,
    confirm: { label: 'Book', action: action('trip.book', { payload: { id: 7 } }) },
    cancel: { label: 'Not now', action: action('trip.cancel') },
    children: [
      { type: 'Title', value: 'Book a trip' },
      {
        type: 'Col',
        gap: 1,
        children: [
          { type: 'Label', value: 'Traveller', fieldName: 'trip.name' },
          { type: 'Input', name: 'trip.name', placeholder: 'Name as in the passport', required: true },
        ],
      },
      {
        type: 'Row',
        align: 'start',
        children: [
          {
            type: 'Col',
            gap: 1,
            flex: 1,
            children: [
              { type: 'Label', value: 'Class', fieldName: 'trip.class' },
              {
                type: 'Select',
                name: 'trip.class',
                block: true,
                clearable: true,
                options: [
                  { value: 'eco', label: 'Economy', description: 'One bag' },
                  { value: 'biz', label: 'Business', description: 'Two bags, lounge' },
                  { value: 'first', label: 'First', disabled: true },
                ],
                defaultValue: 'eco',
              },
            ],
          },
          {
            type: 'Col',
            gap: 1,
            flex: 1,
            children: [
              { type: 'Label', value: 'Day', fieldName: 'trip.day' },
              {
                type: 'DatePicker',
                name: 'trip.day',
                block: true,
                defaultValue: '2026-03-09',
                min: '2026-03-03',
                clearable: true,
              },
            ],
          },
        ],
      },
      {
        type: 'Col',
        gap: 2,
        children: [
          { type: 'Label', value: 'Seat', fieldName: 'trip.seat' },
          {
            type: 'RadioGroup',
            name: 'trip.seat',
            required: true,
            options: [
              { value: 'window', label: 'Window' },
              { value: 'aisle', label: 'Aisle' },
              { value: 'none', label: 'Standing', disabled: true },
            ],
            defaultValue: 'aisle',
          },
        ],
      },
      {
        type: 'Col',
        gap: 1,
        children: [
          { type: 'Label', value: 'Notes', fieldName: 'trip.notes' },
          {
            type: 'Textarea',
            name: 'trip.notes',
            rows: 2,
            autoResize: true,
            maxRows: 6,
            placeholder: 'Anything else?',
          },
        ],
      },
      { type: 'Checkbox', name: 'trip.terms', label: 'I have read the terms', required: true },
    ],
  },
  editable: {
    type: 'Card',
    children: [
      {
        type: 'Form',
        onSubmitAction: action('todo.save', { payload: { id: 1 } }),
        children: [
          { type: 'Title', value: 'Edit to-do', size: 'sm' },
          { type: 'Text', value: 'Title', color: 'secondary', size: 'sm' },
          { type: 'Text', value: 'Buy oat milk', editable: { name: 'todo.title', required: true } },
          { type: 'Text', value: 'Description', color: 'secondary', size: 'sm' },
          {
            type: 'Text',
            value: 'The one in the blue carton, and two if they are on sale.',
            minLines: 2,
            editable: { name: 'todo.description', placeholder: 'None' },
          },
          { type: 'Button', label: 'Save', submit: true },
        ],
      },
    ],
  },
  buttons: {
    type: 'Card',
    size: 'full',
    children: [
      ...['solid', 'soft', 'outline', 'ghost'].map((variant) => ({
        type: 'Row',
        wrap: 'wrap',
        children: ['primary', 'secondary', 'info', 'discovery', 'success', 'caution', 'warning', 'danger'].map(
          (color) => ({
            type: 'Button',
            label: color,
            color,
            variant,
            onClickAction: action(`press.${color}`),
          }),
        ),
      })),
      {
        type: 'Row',
        wrap: 'wrap',
        children: ['3xs', '2xs', 'xs', 'sm', 'md', 'lg', 'xl', '2xl', '3xl'].map((size) => ({
          type: 'Button',
          label: size,
          size,
          style: 'primary',
        })),
      },
      {
        type: 'Row',
        wrap: 'wrap',
        children: [
          { type: 'Button', label: 'Plain', onClickAction: action('plain') },
          { type: 'Button', label: 'Add', iconStart: 'plus', style: 'primary', pill: true },
          { type: 'Button', label: 'Open', iconEnd: 'external-link', variant: 'outline' },
          { type: 'Button', iconStart: 'dots-horizontal', uniform: true, variant: 'ghost' },
          { type: 'Button', label: 'Off', style: 'primary', disabled: true },
        ],
      },
      { type: 'Button', label: 'Across', block: true, style: 'primary' },
    ],
  },
  fields: {
    type: 'Card',
    children: [
      { type: 'Input', name: 'a', placeholder: 'Outline' },
      { type: 'Input', name: 'b', placeholder: 'Soft', variant: 'soft', pill: true },
      { type: 'Input', name: 'c', inputType: 'password', defaultValue: 'secret', size: 'sm' },
      { type: 'Input', name: 'd', defaultValue: 'Cannot be changed', disabled: true },
      {
        type: 'Textarea',
        name: 'e',
        defaultValue: 'Several\nlines of text',
        variant: 'soft',
        size: 'xl',
        gutterSize: 'xl',
      },
      {
        type: 'Row',
        wrap: 'wrap',
        children: ['solid', 'soft', 'outline', 'ghost'].map((variant) => ({
          type: 'Select',
          name: `s.${variant}`,
          variant,
          placeholder: variant,
          options: [{ value: 'x', label: 'One' }],
        })),
      },
      {
        type: 'Select',
        name: 'city',
        placeholder: 'Many cities',
        pill: true,
        options: Array.from({ length: 24 }, (_, at) => ({ value: `c${at}`, label: `City number ${at + 1}` })),
        onChangeAction: action('city.pick'),
      },
      { type: 'DatePicker', name: 'due', placeholder: 'Due date', onChangeAction: action('due.pick'), clearable: true },
      {
        type: 'RadioGroup',
        name: 'rank',
        direction: 'col',
        options: [
          { value: '1', label: 'Low' },
          { value: '2', label: 'High' },
        ],
        defaultValue: '2',
      },
      {
        type: 'Row',
        children: [
          { type: 'Checkbox', name: 'done', label: 'Done', defaultChecked: true },
          { type: 'Checkbox', name: 'off', label: 'Off', disabled: true },
        ],
      },
    ],
  },
  text: {
    type: 'Card',
    children: [
      { type: 'Title', value: 'Titles', size: '3xl' },
      ...['sm', 'md', 'lg', 'xl', '2xl'].map((size) => ({ type: 'Title', value: `Title ${size}`, size })),
      ...['xs', 'sm', 'md', 'lg', 'xl'].map((size) => ({ type: 'Text', value: `Text ${size}`, size })),
      ...['sm', 'md', 'lg'].map((size) => ({ type: 'Caption', value: `Caption ${size}`, size })),
      { type: 'Text', value: 'Italic, struck through', italic: true, lineThrough: true, color: 'tertiary' },
      { type: 'Text', value: 'Success, centred and bold', color: 'success', weight: 'bold', textAlign: 'center' },
      { type: 'Text', value: 'Danger at the end', color: 'danger', textAlign: 'end' },
      {
        type: 'Text',
        value: 'Primitive blue-600, or pink-300 in the dark',
        color: { light: 'blue-600', dark: 'pink-300' },
      },
      {
        type: 'Text',
        value: 'Truncated, because this line is much longer than the card is wide, by far',
        truncate: true,
      },
      {
        type: 'Text',
        value:
          'Two lines at most: this goes on and on, over one line and a second and then a third, which nobody sees any more, nor the fourth.',
        maxLines: 2,
      },
      { type: 'Text', id: 'grows', value: 'Still writing', streaming: true },
      { type: 'Markdown', value: 'Some **bold** and `code`', streaming: true },
      {
        type: 'Row',
        wrap: 'wrap',
        children: ['secondary', 'success', 'danger', 'warning', 'info', 'discovery'].flatMap((color) =>
          ['solid', 'soft', 'outline'].map((variant, at) => ({
            type: 'Badge',
            label: color,
            color,
            variant,
            size: ['sm', 'md', 'lg'][at],
            pill: at === 1,
          })),
        ),
      },
    ],
  },
  layout: {
    type: 'Card',
    border: { size: 2, color: 'strong', style: 'dashed' },
    background: 'surface-secondary',
    children: [
      {
        type: 'Row',
        gap: 3,
        children: [
          {
            type: 'Box',
            size: 48,
            radius: 'full',
            background: 'blue-500',
            align: 'center',
            justify: 'center',
            children: [{ type: 'Icon', name: 'sparkle', color: 'white', size: 'lg' }],
          },
          {
            type: 'Col',
            gap: 0,
            flex: 1,
            children: [
              { type: 'Text', value: 'Flex 1', weight: 'semibold' },
              { type: 'Caption', value: 'takes what is left' },
            ],
          },
          {
            type: 'Box',
            padding: { x: 3, y: 1 },
            radius: 'md',
            border: { y: 1, x: { size: 3, color: 'green-500' } },
            children: [{ type: 'Text', value: 'Edges', size: 'sm' }],
          },
        ],
      },
      { type: 'Divider', spacing: 2, color: 'strong', flush: true },
      {
        type: 'Row',
        height: 40,
        children: [
          { type: 'Text', value: 'Left' },
          { type: 'Divider', spacing: 2 },
          { type: 'Text', value: 'Right' },
          { type: 'Spacer' },
          { type: 'Text', value: 'Far' },
        ],
      },
      {
        type: 'Box',
        direction: 'row',
        justify: 'between',
        padding: 3,
        radius: 'xl',
        background: { light: 'yellow-100', dark: 'yellow-900' },
        children: [
          { type: 'Text', value: 'between' },
          { type: 'Text', value: 'two' },
        ],
      },
      { type: 'Transition', children: { type: 'Text', value: 'In a transition' } },
      {
        type: 'Box',
        aspectRatio: '4 / 1',
        width: '60%',
        background: 'alpha-10',
        radius: 'lg',
        align: 'center',
        justify: 'center',
        children: [{ type: 'Caption', value: '4 / 1' }],
      },
    ],
  },
  images: {
    type: 'Card',
    size: 'sm',
    children: [
      { type: 'Image', src: PICTURE, alt: 'Mountains', flush: true, height: 140, width: '100%' },
      {
        type: 'Row',
        children: [
          { type: 'Image', src: PICTURE, alt: 'Mountains', size: 64, radius: 'full', frame: true },
          { type: 'Image', src: PICTURE, alt: 'Mountains', size: 64, fit: 'contain', background: 'surface-tertiary' },
          { type: 'Image', src: 'javascript:alert(1)', alt: 'Refused', size: 64 },
        ],
      },
    ],
  },
  chart: {
    type: 'Card',
    size: 'lg',
    children: [
      { type: 'Title', value: 'Revenue', size: 'sm' },
      {
        type: 'Chart',
        xAxis: { dataKey: 'month', labels: { '2026-01': 'January' } },
        showYAxis: true,
        showLegend: true,
        showTooltip: true,
        data: [
          { month: '2026-01', desktop: 186, mobile: 80, target: 240 },
          { month: 'Feb', desktop: 305, mobile: 200, target: 300 },
          { month: 'Mar', desktop: 237, mobile: 120, target: 350 },
          { month: 'Apr', desktop: 73, mobile: 190, target: 330 },
          { month: 'May', desktop: 209, mobile: 130, target: 380 },
          { month: 'Jun', desktop: -60, mobile: 140, target: 400 },
        ],
        series: [
          { type: 'bar', dataKey: 'desktop', label: 'Desktop', stack: 'visits' },
          { type: 'bar', dataKey: 'mobile', label: 'Mobile', stack: 'visits', color: 'purple' },
          { type: 'line', dataKey: 'target', label: 'Target', color: 'orange', curveType: 'natural' },
        ],
      },
      {
        type: 'Chart',
        xAxis: 'day',
        height: 140,
        data: Array.from({ length: 31 }, (_, at) => ({
          day: `Day ${at + 1}`,
          load: 40 + 30 * Math.sin(at / 3),
          base: 20 + (at % 7),
        })),
        series: [
          { type: 'area', dataKey: 'base', stack: 'a', color: { light: 'pink', dark: 'pink' } },
          { type: 'area', dataKey: 'load', stack: 'a' },
        ],
      },
      {
        type: 'Chart',
        xAxis: { dataKey: 'k', hide: true },
        showYAxis: true,
        aspectRatio: 4,
        data: [
          { k: 'a', x: 1, y: 3 },
          { k: 'b', x: 4, y: 2 },
          { k: 'c', x: 2, y: 5 },
          { k: 'd', y: 1 },
          { k: 'e', x: 3, y: 4 },
        ],
        series: [
          { type: 'bar', dataKey: 'x' },
          { type: 'bar', dataKey: 'y' },
        ],
      },
    ],
  },
  table: {
    type: 'Card',
    size: 'lg',
    children: [
      {
        type: 'Table',
        children: [
          {
            type: 'Table.Row',
            header: true,
            children: ['City', 'Sky', 'Temperature'].map((value, at) => ({
              type: 'Table.Cell',
              align: at === 2 ? 'end' : 'start',
              children: [{ type: 'Text', value }],
            })),
          },
          ...[
            ['Paris', 'sunny', '21 °C'],
            ['Oslo', 'rain', '9 °C'],
            ['Cairo', 'clear', '34 °C'],
          ].map((cells) => ({
            type: 'Table.Row',
            children: cells.map((value, at) => ({
              type: 'Table.Cell',
              align: at === 2 ? 'end' : 'start',
              children: [
                at === 1
                  ? { type: 'Badge', label: value, color: value === 'rain' ? 'info' : 'warning' }
                  : { type: 'Text', value },
              ],
            })),
          })),
          {
            type: 'Table.Row',
            children: [
              { type: 'Table.Cell', colSpan: 3, children: [{ type: 'Caption', value: 'Over three columns' }] },
            ],
          },
        ],
      },
    ],
  },
  list: {
    type: 'ListView',
    limit: 3,
    status: { text: 'Results', favicon: PICTURE, frame: true },
    children: [1, 2, 3, 4, 5].map((at) => ({
      type: 'ListViewItem',
      key: `row-${at}`,
      onClickAction: action('song.play', { payload: `song-${at}` }),
      children: [
        { type: 'Image', src: PICTURE, size: 40, radius: 'sm' },
        {
          type: 'Col',
          gap: 0,
          flex: 1,
          children: [
            { type: 'Text', value: `Song number ${at}`, weight: 'medium' },
            { type: 'Caption', value: 'Erik Satie' },
          ],
        },
        {
          type: 'Button',
          iconStart: 'star',
          variant: 'ghost',
          size: 'sm',
          onClickAction: action('song.star', { payload: { id: at } }),
        },
      ],
    })),
  },
  basic: {
    type: 'Basic',
    direction: 'row',
    gap: 3,
    align: 'start',
    children: [
      {
        type: 'Card',
        theme: 'dark',
        children: [
          { type: 'Text', value: 'Always dark' },
          { type: 'Button', label: 'Go', style: 'primary' },
        ],
      },
      {
        type: 'Card',
        theme: 'light',
        children: [
          { type: 'Text', value: 'Always light' },
          { type: 'Button', label: 'Go', style: 'primary' },
        ],
      },
    ],
  },
  collapsed: {
    type: 'Card',
    collapsed: true,
    status: { text: 'Sent', icon: 'check-circle-filled' },
    confirm: { label: 'Send', action: action('email.send') },
    children: [
      { type: 'Title', value: 'Lunch on Friday?', size: 'sm' },
      { type: 'Text', value: 'What was sent.' },
    ],
  },
  unknown: {
    type: 'Card',
    children: [
      { type: 'Carousel', children: [{ type: 'Text', value: 'Inside of something newer' }] },
      { type: 'Hologram', beam: 3 },
      { type: 'Text', value: 'After it' },
    ],
  },
};

export const fixture = (name: string) => structuredClone(FIXTURES[name]) as WidgetRoot;
