//! The JSON body of a request.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::request::ModelRequest;
use super::settings::Verbosity;

/// A request as `POST /responses` takes it. The order of keys and of `include` is fixed, so that
/// equal requests are equal bytes.
pub(super) struct Body<'a> {
    pub(super) model: &'a str,
    pub(super) request: &'a ModelRequest<'a>,
}

#[derive(serde::Serialize)]
struct TextConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<&'a Verbosity>,
}

impl Body<'_> {
    fn include(&self) -> Vec<&str> {
        let settings = self.request.settings;
        let wanted = settings.response_include.iter().flatten();
        let logprobs = settings
            .top_logprobs
            .map(|_| "message.output_text.logprobs");
        let mut include = Vec::new();
        for name in wanted
            .map(String::as_str)
            .chain(self.request.include.iter().copied())
            .chain(logprobs)
        {
            if !include.contains(&name) {
                include.push(name);
            }
        }
        include
    }
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let request = self.request;
        let settings = request.settings;
        let extra = settings.extra_body.as_ref();
        let mut map = serializer.serialize_map(None)?;

        // Writes a field unless it is absent or the caller replaces it.
        macro_rules! field {
            ($name:literal, $value:expr) => {
                if let Some(value) = $value
                    && !extra.is_some_and(|extra| extra.contains_key($name))
                {
                    map.serialize_entry($name, value)?;
                }
            };
        }

        // A stored prompt brings its own tools; an empty list would take them away.
        let tools =
            (request.prompt.is_none() || !request.tools.is_empty()).then_some(request.tools);
        let parallel = settings
            .parallel_tool_calls
            .filter(|_| request.prompt.is_some() || !request.tools.is_empty());
        let text = TextConfig {
            format: request.output_format,
            verbosity: settings.verbosity.as_ref(),
        };
        let text = (text.format.is_some() || text.verbosity.is_some()).then_some(text);

        field!("model", Some(self.model));
        field!("previous_response_id", request.previous_response_id);
        field!("conversation", request.conversation);
        field!("prompt", request.prompt);
        field!("instructions", request.instructions);
        field!("input", Some(request.input));
        field!("include", Some(&self.include()));
        field!("tools", tools);
        field!("tool_choice", settings.tool_choice.as_ref());
        field!("parallel_tool_calls", parallel.as_ref());
        field!("text", text.as_ref());
        field!("reasoning", settings.reasoning.as_ref());
        field!("temperature", settings.temperature.as_ref());
        field!("top_p", settings.top_p.as_ref());
        field!("max_output_tokens", settings.max_tokens.as_ref());
        field!("top_logprobs", settings.top_logprobs.as_ref());
        field!("truncation", settings.truncation.as_ref());
        field!("store", settings.store.as_ref());
        field!("metadata", settings.metadata.as_ref());
        field!("service_tier", settings.service_tier.as_deref());
        field!("prompt_cache_key", settings.prompt_cache_key.as_deref());
        field!(
            "prompt_cache_retention",
            settings.prompt_cache_retention.as_deref()
        );
        field!(
            "prompt_cache_options",
            settings.prompt_cache_options.as_ref()
        );
        field!("context_management", settings.context_management.as_ref());
        map.serialize_entry("stream", &true)?;
        for (name, value) in extra.into_iter().flatten() {
            if name != "stream" {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}
