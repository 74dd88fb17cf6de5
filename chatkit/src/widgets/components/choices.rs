//! Controls to choose from a list.

use crate::types::ActionConfig;
use crate::widgets::fields::value_record;
use crate::widgets::{ControlSize, ControlVariant, Direction};

use super::{component, place};

component! {
    /// A menu to choose one of several values from.
    ///
    /// ```
    /// use chatkit::widgets::{Select, SelectOption};
    ///
    /// let size = Select::new("size")
    ///     .options([("s", "Small"), ("l", "Large")])
    ///     .option(SelectOption::new("xl", "Huge").disabled(true))
    ///     .default_value("s");
    /// ```
    Select = "Select", WidgetComponent {
        /// A menu of a name: where its value is in the payload of an action.
        pub fn new {
            /// The menu's name in the form.
            name: String = "name",
        }
        lists {
            /// What there is to choose from. A pair is a value and its label.
            options: SelectOption = "options", required, add option;
        }
        set {
            /// What a choice does.
            on_change_action: ActionConfig = "onChangeAction",
            /// Shown while nothing is chosen.
            placeholder: String = "placeholder",
            /// The value chosen at first.
            default_value: String = "defaultValue",
            /// Its look.
            variant: ControlVariant = "variant",
            /// How large it is.
            size: ControlSize = "size",
            /// Whether its ends are round.
            pill: bool = "pill",
            /// Whether it takes the whole width.
            block: bool = "block",
            /// Whether the choice can be taken back.
            clearable: bool = "clearable",
            /// Whether it cannot be used.
            disabled: bool = "disabled",
            /// Whether the options can be searched; unset, if there are more than 15.
            searchable: bool = "searchable",
        }
    }
}

value_record! {
    /// An option of a [`Select`].
    #[derive(Eq)]
    SelectOption {
        /// A value and what stands for it.
        pub fn new {
            /// The value that is sent.
            value: String = "value",
            /// What the user reads.
            label: String = "label",
        }
        set {
            /// Whether it cannot be chosen.
            disabled: bool = "disabled",
            /// A second line below the label.
            description: String = "description",
        }
    }
}

impl<V: Into<String>, L: Into<String>> From<(V, L)> for SelectOption {
    fn from((value, label): (V, L)) -> Self {
        Self::new(value, label)
    }
}

component! {
    /// Round buttons of which one is chosen.
    ///
    /// ```
    /// use chatkit::widgets::{Direction, RadioGroup};
    ///
    /// let size = RadioGroup::new("size")
    ///     .options([("s", "Small"), ("l", "Large")])
    ///     .direction(Direction::Row);
    /// ```
    RadioGroup = "RadioGroup", WidgetComponent {
        /// A group of a name: where its value is in the payload of an action.
        pub fn new {
            /// The group's name in the form.
            name: String = "name",
        }
        lists {
            /// What there is to choose from. A pair is a value and its label.
            options: RadioOption = "options", optional, add option;
        }
        set {
            /// What it is about, for those who do not see it; unset, its name.
            aria_label: String = "ariaLabel",
            /// What a choice does.
            on_change_action: ActionConfig = "onChangeAction",
            /// The value chosen at first.
            default_value: String = "defaultValue",
            /// In which direction the options follow each other.
            direction: Direction = "direction",
            /// Whether it cannot be used.
            disabled: bool = "disabled",
            /// Whether the form cannot be submitted without a choice.
            required: bool = "required",
        }
    }
}

value_record! {
    /// An option of a [`RadioGroup`].
    #[derive(Eq)]
    RadioOption {
        /// A value and what stands for it.
        pub fn new {
            /// The value that is sent.
            value: String = "value",
            /// What the user reads.
            label: String = "label",
        }
        set {
            /// Whether it cannot be chosen.
            disabled: bool = "disabled",
        }
    }
}

impl<V: Into<String>, L: Into<String>> From<(V, L)> for RadioOption {
    fn from((value, label): (V, L)) -> Self {
        Self::new(value, label)
    }
}
