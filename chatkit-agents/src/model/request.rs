//! One call of a model.

use std::fmt;

use serde_json::value::RawValue;

use super::settings::ModelSettings;
use crate::items::InputItem;

static NO_SETTINGS: ModelSettings = ModelSettings::new();

/// What a model is asked, all of it borrowed: writing the request copies nothing but into the body.
///
/// ```
/// use chatkit_agents::items::InputItem;
/// use chatkit_agents::model::ModelRequest;
///
/// let input = [InputItem::user("What is the capital of France?")];
/// let request = ModelRequest::new(&input).instructions("Answer in one word.");
/// assert_eq!(request.input.len(), 1);
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ModelRequest<'a> {
    /// The system's instructions.
    pub instructions: Option<&'a str>,
    /// The conversation, oldest first.
    pub input: &'a [InputItem],
    /// Tool definitions as the API takes them: functions, hosted tools, anything.
    pub tools: &'a [&'a RawValue],
    /// The format the answer must have: the API's `text.format` object.
    pub output_format: Option<&'a RawValue>,
    /// How to answer.
    pub settings: &'a ModelSettings,
    /// Output that the tools need included. Added to what the settings include.
    pub include: &'a [&'a str],
    /// The response this call continues, kept by the endpoint.
    pub previous_response_id: Option<&'a str>,
    /// The conversation this call belongs to, kept by the endpoint.
    pub conversation: Option<&'a str>,
    /// A prompt kept by the endpoint: the API's `prompt` object.
    pub prompt: Option<&'a RawValue>,
}

impl<'a> ModelRequest<'a> {
    /// A request with nothing but a conversation.
    #[must_use]
    pub fn new(input: &'a [InputItem]) -> Self {
        Self {
            instructions: None,
            input,
            tools: &[],
            output_format: None,
            settings: &NO_SETTINGS,
            include: &[],
            previous_response_id: None,
            conversation: None,
            prompt: None,
        }
    }

    /// Sets the instructions.
    #[must_use]
    pub fn instructions(mut self, instructions: impl Into<Option<&'a str>>) -> Self {
        self.instructions = instructions.into();
        self
    }

    /// Sets the tool definitions.
    #[must_use]
    pub fn tools(mut self, tools: &'a [&'a RawValue]) -> Self {
        self.tools = tools;
        self
    }

    /// Sets the output format.
    #[must_use]
    pub fn output_format(mut self, format: impl Into<Option<&'a RawValue>>) -> Self {
        self.output_format = format.into();
        self
    }

    /// Sets the settings.
    #[must_use]
    pub fn settings(mut self, settings: &'a ModelSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Sets the output that the tools need included.
    #[must_use]
    pub fn include(mut self, include: &'a [&'a str]) -> Self {
        self.include = include;
        self
    }

    /// Sets the response this call continues.
    #[must_use]
    pub fn previous_response_id(mut self, id: impl Into<Option<&'a str>>) -> Self {
        self.previous_response_id = id.into();
        self
    }

    /// Sets the conversation this call belongs to.
    #[must_use]
    pub fn conversation(mut self, id: impl Into<Option<&'a str>>) -> Self {
        self.conversation = id.into();
        self
    }

    /// Sets the stored prompt.
    #[must_use]
    pub fn prompt(mut self, prompt: impl Into<Option<&'a RawValue>>) -> Self {
        self.prompt = prompt.into();
        self
    }
}

/// Shows sizes and settings, not what was said.
impl fmt::Debug for ModelRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelRequest")
            .field("instructions", &self.instructions.map(str::len))
            .field("input", &self.input.len())
            .field("tools", &self.tools.len())
            .field("settings", self.settings)
            .field("include", &self.include)
            .field("previous_response_id", &self.previous_response_id)
            .field("conversation", &self.conversation)
            .finish_non_exhaustive()
    }
}
