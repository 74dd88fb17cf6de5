//! Questions that the assistant asks with a form.

use serde::{Deserialize, Serialize};

/// The state of a structured input item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StructuredInputStatus {
    /// Waiting for the user.
    #[default]
    Pending,
    /// The user has answered.
    Answered,
    /// The user has declined.
    Skipped,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StructuredInput {
    /// Answered by choosing.
    MultipleChoice(StructuredInputMultipleChoice),
    /// Answered with a text.
    Freeform(StructuredInputFreeform),
}

impl StructuredInput {
    /// The question's id.
    pub fn id(&self) -> &str {
        match self {
            Self::MultipleChoice(input) => &input.id,
            Self::Freeform(input) => &input.id,
        }
    }

    /// The question.
    pub fn question(&self) -> &str {
        match self {
            Self::MultipleChoice(input) => &input.question,
            Self::Freeform(input) => &input.question,
        }
    }

    /// The answer, once there is one.
    pub fn answer(&self) -> Option<&StructuredInputAnswer> {
        match self {
            Self::MultipleChoice(input) => input.answer.as_ref(),
            Self::Freeform(input) => input.answer.as_ref(),
        }
    }

    /// Records an answer.
    pub fn set_answer(&mut self, answer: StructuredInputAnswer) {
        match self {
            Self::MultipleChoice(input) => input.answer = Some(answer),
            Self::Freeform(input) => input.answer = Some(answer),
        }
    }
}

/// A question that is answered by choosing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StructuredInputMultipleChoice {
    /// Names the question in the answers.
    pub id: String,
    /// The question shown.
    pub question: String,
    /// The answer, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<StructuredInputAnswer>,
    /// Suggested answers; the client also lets users write their own.
    pub options: Vec<StructuredInputMultipleChoiceOption>,
    /// Whether several may be chosen.
    #[serde(default)]
    pub multiple: bool,
}

impl StructuredInputMultipleChoice {
    /// A question with one answer out of `options`.
    pub fn new<O: Into<String>>(
        id: impl Into<String>,
        question: impl Into<String>,
        options: impl IntoIterator<Item = O>,
    ) -> Self {
        let options = options
            .into_iter()
            .map(StructuredInputMultipleChoiceOption::new)
            .collect();
        Self {
            id: id.into(),
            question: question.into(),
            answer: None,
            options,
            multiple: false,
        }
    }

    /// Sets whether several may be chosen.
    #[must_use]
    pub fn multiple(mut self, multiple: bool) -> Self {
        self.multiple = multiple;
        self
    }
}

/// A suggested answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StructuredInputMultipleChoiceOption {
    /// The text shown and submitted.
    pub value: String,
}

impl StructuredInputMultipleChoiceOption {
    /// An answer by its text.
    pub fn new(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
        }
    }
}

/// A question that is answered with a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StructuredInputFreeform {
    /// Names the question in the answers.
    pub id: String,
    /// The question shown.
    pub question: String,
    /// The answer, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<StructuredInputAnswer>,
    /// A text shown with the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl StructuredInputFreeform {
    /// A question by id and text.
    pub fn new(id: impl Into<String>, question: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            question: question.into(),
            answer: None,
            description: None,
        }
    }

    /// Sets a text shown with the question.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

/// A recorded answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StructuredInputAnswer {
    /// The texts chosen or written.
    #[serde(default, deserialize_with = "super::null_as_default")]
    pub values: Vec<String>,
    /// The user gave no answer.
    #[serde(default)]
    pub skipped: bool,
}

impl StructuredInputAnswer {
    /// An answer with these texts.
    pub fn new(values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            values: values.into_iter().map(Into::into).collect(),
            skipped: false,
        }
    }

    /// No answer.
    pub fn skipped() -> Self {
        Self {
            values: Vec::new(),
            skipped: true,
        }
    }
}

impl From<StructuredInputMultipleChoice> for StructuredInput {
    fn from(input: StructuredInputMultipleChoice) -> Self {
        Self::MultipleChoice(input)
    }
}

impl From<StructuredInputFreeform> for StructuredInput {
    fn from(input: StructuredInputFreeform) -> Self {
        Self::Freeform(input)
    }
}
