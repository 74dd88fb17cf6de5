//! How a model should answer.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::items::is_hosted_tool;

/// Settings of a model call. What is not set is not sent, so the endpoint's default holds.
///
/// The settings of openai-agents that the Responses API has no field for (`frequency_penalty`,
/// `presence_penalty`, `include_usage`) do not exist here. Whatever is newer than this struct goes
/// into [`extra_body`](Self::extra_body).
///
/// ```
/// use chatkit_agents::model::{ModelSettings, ReasoningEffort};
///
/// let base = ModelSettings::new().temperature(0.2).max_tokens(800);
/// let run = ModelSettings::new().max_tokens(100).reasoning_effort(ReasoningEffort::Low);
/// let merged = base.overlay(&run);
/// assert_eq!(merged.temperature, Some(0.2));
/// assert_eq!(merged.max_tokens, Some(100));
/// ```
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ModelSettings {
    /// Sampling temperature, 0 to 2. Reasoning models refuse it.
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// The most tokens to write, reasoning included. On the wire `max_output_tokens`.
    pub max_tokens: Option<u64>,
    /// Which tool to call.
    pub tool_choice: Option<ToolChoice>,
    /// Whether the model may ask for several calls at once. Sent only along with tools or a prompt.
    pub parallel_tool_calls: Option<bool>,
    /// How much to think, and how much of that to show.
    pub reasoning: Option<Reasoning>,
    /// How long an answer should be. On the wire `text.verbosity`.
    pub verbosity: Option<Verbosity>,
    /// What to do when the input is too long.
    pub truncation: Option<Truncation>,
    /// Whether the endpoint keeps the response.
    pub store: Option<bool>,
    /// Tags the endpoint keeps with the response.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Additional output to include, e.g. `reasoning.encrypted_content`, sent in this order.
    pub response_include: Option<Vec<String>>,
    /// How many alternatives to report for each token, 0 to 20. Includes
    /// `message.output_text.logprobs` in the answer.
    pub top_logprobs: Option<u32>,
    /// Groups requests that share a long prefix, for the prompt cache.
    pub prompt_cache_key: Option<String>,
    /// How long the prompt cache keeps the prefix, e.g. `24h`.
    pub prompt_cache_retention: Option<String>,
    /// Options of the prompt cache, sent as they are.
    pub prompt_cache_options: Option<Value>,
    /// Rules for shortening a long context, sent as they are.
    pub context_management: Option<Value>,
    /// The service tier, e.g. `flex` or `priority`.
    pub service_tier: Option<String>,
    /// Additional top-level fields of the body. They replace fields of the same name, except
    /// `stream`, which the transport needs.
    pub extra_body: Option<Map<String, Value>>,
    /// Additional headers. They replace the client's headers of the same name.
    pub extra_headers: Option<BTreeMap<String, String>>,
    /// Additional query parameters.
    pub extra_query: Option<BTreeMap<String, String>>,
    /// How often to try again before the first event; overrides the client's number.
    pub max_retries: Option<u32>,
    /// The longest a whole call may take, retries included. The default is no limit: the idle
    /// timeout of the client notices an endpoint that has stopped.
    pub timeout: Option<Duration>,
}

/// Writes one chainable setter for each field.
macro_rules! setters {
    ($($field:ident: $from:ty),* $(,)?) => {$(
        #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
        #[must_use]
        pub fn $field(mut self, $field: $from) -> Self {
            self.$field = Some($field.into());
            self
        }
    )*};
}

impl ModelSettings {
    /// Settings with nothing set.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            temperature: None,
            top_p: None,
            max_tokens: None,
            tool_choice: None,
            parallel_tool_calls: None,
            reasoning: None,
            verbosity: None,
            truncation: None,
            store: None,
            metadata: None,
            response_include: None,
            top_logprobs: None,
            prompt_cache_key: None,
            prompt_cache_retention: None,
            prompt_cache_options: None,
            context_management: None,
            service_tier: None,
            extra_body: None,
            extra_headers: None,
            extra_query: None,
            max_retries: None,
            timeout: None,
        }
    }

    setters! {
        temperature: f64,
        top_p: f64,
        max_tokens: u64,
        tool_choice: impl Into<ToolChoice>,
        parallel_tool_calls: bool,
        reasoning: Reasoning,
        verbosity: impl Into<Verbosity>,
        truncation: impl Into<Truncation>,
        store: bool,
        top_logprobs: u32,
        prompt_cache_key: impl Into<String>,
        prompt_cache_retention: impl Into<String>,
        prompt_cache_options: Value,
        context_management: Value,
        service_tier: impl Into<String>,
        max_retries: u32,
        timeout: Duration,
    }

    /// Sets the effort of [`reasoning`](Self#structfield.reasoning), keeping its other fields.
    #[must_use]
    pub fn reasoning_effort(mut self, effort: impl Into<ReasoningEffort>) -> Self {
        self.reasoning.get_or_insert_default().effort = Some(effort.into());
        self
    }

    /// Sets the summary of [`reasoning`](Self#structfield.reasoning), keeping its other fields.
    #[must_use]
    pub fn reasoning_summary(mut self, summary: impl Into<ReasoningSummary>) -> Self {
        self.reasoning.get_or_insert_default().summary = Some(summary.into());
        self
    }

    /// Adds a tag to [`metadata`](Self#structfield.metadata).
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata
            .get_or_insert_default()
            .insert(key.into(), value.into());
        self
    }

    /// Appends to [`response_include`](Self#structfield.response_include).
    #[must_use]
    pub fn include(mut self, output: impl Into<String>) -> Self {
        self.response_include
            .get_or_insert_default()
            .push(output.into());
        self
    }

    /// Adds a field to [`extra_body`](Self#structfield.extra_body).
    #[must_use]
    #[doc(alias = "extra_args")]
    pub fn extra_body(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra_body
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }

    /// Adds a header to [`extra_headers`](Self#structfield.extra_headers).
    #[must_use]
    pub fn extra_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra_headers
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }

    /// Adds a parameter to [`extra_query`](Self#structfield.extra_query).
    #[must_use]
    pub fn extra_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra_query
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }

    /// These settings with `over` on top: what is set there wins. The three `extra_*` maps are
    /// merged by key; all other fields are replaced whole.
    #[must_use]
    pub fn overlay(&self, over: &Self) -> Self {
        fn pick<T: Clone>(base: &Option<T>, over: &Option<T>) -> Option<T> {
            over.as_ref().or(base.as_ref()).cloned()
        }
        fn merge<M, K, V>(base: &Option<M>, over: &Option<M>) -> Option<M>
        where
            M: Clone + Extend<(K, V)> + IntoIterator<Item = (K, V)>,
        {
            let (Some(base), Some(over)) = (base, over) else {
                return pick(base, over);
            };
            let mut merged = base.clone();
            merged.extend(over.clone());
            Some(merged)
        }
        Self {
            temperature: pick(&self.temperature, &over.temperature),
            top_p: pick(&self.top_p, &over.top_p),
            max_tokens: pick(&self.max_tokens, &over.max_tokens),
            tool_choice: pick(&self.tool_choice, &over.tool_choice),
            parallel_tool_calls: pick(&self.parallel_tool_calls, &over.parallel_tool_calls),
            reasoning: pick(&self.reasoning, &over.reasoning),
            verbosity: pick(&self.verbosity, &over.verbosity),
            truncation: pick(&self.truncation, &over.truncation),
            store: pick(&self.store, &over.store),
            metadata: pick(&self.metadata, &over.metadata),
            response_include: pick(&self.response_include, &over.response_include),
            top_logprobs: pick(&self.top_logprobs, &over.top_logprobs),
            prompt_cache_key: pick(&self.prompt_cache_key, &over.prompt_cache_key),
            prompt_cache_retention: pick(
                &self.prompt_cache_retention,
                &over.prompt_cache_retention,
            ),
            prompt_cache_options: pick(&self.prompt_cache_options, &over.prompt_cache_options),
            context_management: pick(&self.context_management, &over.context_management),
            service_tier: pick(&self.service_tier, &over.service_tier),
            extra_body: merge(&self.extra_body, &over.extra_body),
            extra_headers: merge(&self.extra_headers, &over.extra_headers),
            extra_query: merge(&self.extra_query, &over.extra_query),
            max_retries: pick(&self.max_retries, &over.max_retries),
            timeout: pick(&self.timeout, &over.timeout),
        }
    }
}

/// Shows what is set. Of the `extra_*` maps only the names: a value may be a key.
impl fmt::Debug for ModelSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ModelSettings");
        macro_rules! show {
            ($($field:ident)*) => {$(
                if let Some(value) = &self.$field {
                    shown.field(stringify!($field), value);
                }
            )*};
        }
        macro_rules! show_names {
            ($($field:ident)*) => {$(
                if let Some(map) = &self.$field {
                    shown.field(stringify!($field), &map.keys().collect::<Vec<_>>());
                }
            )*};
        }
        show! {
            temperature top_p max_tokens tool_choice parallel_tool_calls reasoning verbosity
            truncation store metadata response_include top_logprobs prompt_cache_key
            prompt_cache_retention prompt_cache_options context_management service_tier
            max_retries timeout
        }
        show_names! { extra_body extra_headers extra_query }
        shown.finish()
    }
}

/// Which tool the model has to call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// Some tool, any.
    Required,
    /// No tool.
    None,
    /// The function of this name.
    Function(String),
    /// The hosted tool of this type, e.g. `web_search`.
    Hosted(String),
    /// A tool of a remote MCP server.
    Mcp {
        /// The server's label.
        server_label: String,
        /// The tool's name.
        name: String,
    },
    /// Any other value, sent as it is.
    Raw(Box<RawValue>),
}

impl PartialEq for ToolChoice {
    fn eq(&self, other: &Self) -> bool {
        serde_json::to_string(self).ok() == serde_json::to_string(other).ok()
    }
}

/// `auto`, `required` and `none` as they are, a hosted tool's type as that tool, any other text as
/// a function's name.
impl From<&str> for ToolChoice {
    fn from(name: &str) -> Self {
        match name {
            "auto" => Self::Auto,
            "required" => Self::Required,
            "none" => Self::None,
            hosted if is_hosted_tool(hosted) => Self::Hosted(hosted.to_owned()),
            function => Self::Function(function.to_owned()),
        }
    }
}

impl Serialize for ToolChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Named<'a> {
            #[serde(rename = "type")]
            tag: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            server_label: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            name: Option<&'a str>,
        }
        let (tag, server_label, name) = match self {
            Self::Auto => return serializer.serialize_str("auto"),
            Self::Required => return serializer.serialize_str("required"),
            Self::None => return serializer.serialize_str("none"),
            Self::Raw(value) => return value.serialize(serializer),
            Self::Function(name) => ("function", None, Some(name)),
            Self::Hosted(tool) => (tool.as_str(), None, None),
            Self::Mcp { server_label, name } => ("mcp", Some(server_label), Some(name)),
        };
        Named {
            tag,
            server_label: server_label.map(String::as_str),
            name: name.map(String::as_str),
        }
        .serialize(serializer)
    }
}

/// The `reasoning` object.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Reasoning {
    /// How much to think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<ReasoningEffort>,
    /// How much of the thinking to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<ReasoningSummary>,
    /// Fields newer than this struct.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// An enum of the wire's values that also takes values it does not know.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $wire:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A value newer than this crate, sent as it is.
            Other(String),
        }

        impl $name {
            /// The value on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Other(value) => value,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($wire => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use open_enum;

open_enum! {
    /// How much a reasoning model thinks before it answers. Models support different subsets.
    ReasoningEffort {
        /// Not at all.
        None = "none",
        /// As little as possible.
        Minimal = "minimal",
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
        /// As much as the model can.
        XHigh = "xhigh",
    }
}

open_enum! {
    /// How much of a model's thinking the endpoint shows.
    ReasoningSummary {
        /// The most detailed summary the model offers.
        Auto = "auto",
        /// A short one.
        Concise = "concise",
        /// A long one.
        Detailed = "detailed",
    }
}

open_enum! {
    /// How long an answer should be.
    Verbosity {
        /// Short.
        Low = "low",
        /// The default.
        Medium = "medium",
        /// Long.
        High = "high",
    }
}

open_enum! {
    /// What the endpoint does with input that does not fit the model.
    Truncation {
        /// Leave out items from the beginning.
        Auto = "auto",
        /// Refuse the request.
        Disabled = "disabled",
    }
}
