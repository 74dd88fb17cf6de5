//! Buttons, fields and their labels.

use crate::types::{ActionConfig, IconName};
use crate::widgets::{
    ButtonColor, ButtonIconSize, ButtonStyle, Color, ControlSize, ControlVariant, FontWeight,
    GutterSize, InputType, InputVariant, TextAlign, TextSize,
};

use super::{component, place};

component! {
    /// A button.
    ///
    /// ```
    /// use chatkit::types::{ActionConfig, IconName};
    /// use chatkit::widgets::{Button, ButtonStyle};
    ///
    /// let play = Button::new("Play").style(ButtonStyle::Primary).on_click_action(ActionConfig::new("song.play"));
    /// let save = Button::submit("Save");
    /// let more = Button::icon(IconName::DotsHorizontal).on_click_action(ActionConfig::new("song.more"));
    /// ```
    #[derive(Default)]
    Button = "Button", WidgetComponent {
        /// Without a label or an icon.
        fn empty {}
        set {
            /// Whether it submits the form around it.
            submit as is_submit: bool = "submit",
            /// What stands on it.
            label: String = "label",
            /// What a click does.
            on_click_action: ActionConfig = "onClickAction",
            /// An icon before the label, or in its place.
            icon_start: IconName = "iconStart",
            /// An icon behind the label.
            icon_end: IconName = "iconEnd",
            /// Its rank: a preset of colour and variant.
            style: ButtonStyle = "style",
            /// How large its icons are.
            icon_size: ButtonIconSize = "iconSize",
            /// Its colour.
            color: ButtonColor = "color",
            /// Its look.
            variant: ControlVariant = "variant",
            /// How large it is.
            size: ControlSize = "size",
            /// Whether its ends are round.
            pill: bool = "pill",
            /// Whether it is as wide as it is high.
            uniform: bool = "uniform",
            /// Whether it takes the whole width.
            block: bool = "block",
            /// Whether it cannot be used.
            disabled: bool = "disabled",
        }
    }
}

impl Button {
    /// A button with a label.
    pub fn new(label: impl Into<String>) -> Self {
        Self::empty().label(label)
    }

    /// A button with a label, which submits the [`Form`](super::Form) around it.
    pub fn submit(label: impl Into<String>) -> Self {
        Self::new(label).is_submit(true)
    }

    /// A button with an icon and no label.
    pub fn icon(icon: impl Into<IconName>) -> Self {
        Self::empty().icon_start(icon)
    }
}

component! {
    /// A field for one line of text.
    Input = "Input", WidgetComponent {
        /// A field of a name: where its value is in the payload of an action.
        pub fn new {
            /// The field's name in the form.
            name: String = "name",
        }
        set {
            /// What it takes.
            input_type: InputType = "inputType",
            /// Its value at first.
            default_value: String = "defaultValue",
            /// Whether the form cannot be submitted without it.
            required: bool = "required",
            /// A regular expression that the value must match.
            pattern: String = "pattern",
            /// Shown while it is empty.
            placeholder: String = "placeholder",
            /// Whether password managers may fill it in.
            allow_autofill_extensions: bool = "allowAutofillExtensions",
            /// Whether its text is selected when it appears.
            auto_select: bool = "autoSelect",
            /// Whether it has the focus when it appears.
            auto_focus: bool = "autoFocus",
            /// Whether it cannot be used.
            disabled: bool = "disabled",
            /// Its look.
            variant: InputVariant = "variant",
            /// How large it is.
            size: ControlSize = "size",
            /// The space between its edge and its text, in place of what the size says.
            gutter_size: GutterSize = "gutterSize",
            /// Whether its ends are round.
            pill: bool = "pill",
        }
    }
}

component! {
    /// A field for several lines of text.
    Textarea = "Textarea", WidgetComponent {
        /// A field of a name: where its value is in the payload of an action.
        pub fn new {
            /// The field's name in the form.
            name: String = "name",
        }
        set {
            /// Its value at first.
            default_value: String = "defaultValue",
            /// Whether the form cannot be submitted without it.
            required: bool = "required",
            /// A regular expression that the value must match.
            pattern: String = "pattern",
            /// Shown while it is empty.
            placeholder: String = "placeholder",
            /// Whether its text is selected when it appears.
            auto_select: bool = "autoSelect",
            /// Whether it has the focus when it appears.
            auto_focus: bool = "autoFocus",
            /// Whether it cannot be used.
            disabled: bool = "disabled",
            /// Its look.
            variant: InputVariant = "variant",
            /// How large it is.
            size: ControlSize = "size",
            /// The space between its edge and its text, in place of what the size says.
            gutter_size: GutterSize = "gutterSize",
            /// How many lines it shows at first.
            rows: u32 = "rows",
            /// Whether it grows and shrinks with its text.
            auto_resize: bool = "autoResize",
            /// How many lines it grows to.
            max_rows: u32 = "maxRows",
            /// Whether password managers may fill it in.
            allow_autofill_extensions: bool = "allowAutofillExtensions",
        }
    }
}

component! {
    /// A box to tick.
    Checkbox = "Checkbox", WidgetComponent {
        /// A box of a name: where its value is in the payload of an action.
        pub fn new {
            /// The box's name in the form.
            name: String = "name",
        }
        set {
            /// What stands beside it.
            label: String = "label",
            /// Whether it is ticked at first.
            default_checked: bool = "defaultChecked",
            /// What ticking or clearing it does.
            on_change_action: ActionConfig = "onChangeAction",
            /// Whether it cannot be used.
            disabled: bool = "disabled",
            /// Whether the form cannot be submitted without it.
            required: bool = "required",
        }
    }
}

component! {
    /// The label of a control.
    Label = "Label", WidgetComponent {
        /// A text for the control of a name.
        pub fn new {
            /// The text.
            value: String = "value",
            /// The control's name.
            field_name: String = "fieldName",
        }
        set {
            /// How large it is.
            size: TextSize = "size",
            /// How bold it is.
            weight: FontWeight = "weight",
            /// Where it is put in its line.
            text_align: TextAlign = "textAlign",
            /// Its colour: a token such as `secondary` or `danger`, or any other colour.
            color: Color = "color",
        }
    }
}
