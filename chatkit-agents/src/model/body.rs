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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::items::InputItem;
    use crate::model::{ModelSettings, ToolChoice};

    fn body(request: &ModelRequest<'_>) -> String {
        serde_json::to_string(&Body {
            model: "m",
            request,
        })
        .unwrap()
    }

    #[test]
    fn sends_always_what_python_sends_always() {
        assert_eq!(
            body(&ModelRequest::new(&[])),
            r#"{"model":"m","input":[],"include":[],"tools":[],"stream":true}"#
        );
    }

    #[test]
    fn writes_every_setting_under_its_name() {
        let settings = ModelSettings::new()
            .temperature(0.5)
            .top_p(0.9)
            .max_tokens(100)
            .tool_choice("get_weather")
            .parallel_tool_calls(false)
            .reasoning_effort("low")
            .reasoning_summary("auto")
            .verbosity("high")
            .truncation("auto")
            .store(false)
            .metadata("b", "2")
            .metadata("a", "1")
            .include("x")
            .include("a")
            .include("x")
            .top_logprobs(2)
            .prompt_cache_key("k")
            .prompt_cache_retention("24h")
            .service_tier("flex")
            .context_management(json!([{"type": "compaction"}]))
            .prompt_cache_options(json!({"mode": "implicit"}))
            .extra_body("brand_new", json!({"z": 1, "a": 2}))
            .extra_body("top_p", 0.1);
        let tool: Box<RawValue> =
            RawValue::from_string(r#"{"type":"web_search","filters":null}"#.to_owned()).unwrap();
        let format: Box<RawValue> = RawValue::from_string(r#"{"type":"text"}"#.to_owned()).unwrap();
        let input = [InputItem::user("Hi")];
        let tools = [&*tool];
        let request = ModelRequest::new(&input)
            .instructions("Be brief.")
            .tools(&tools)
            .output_format(&*format)
            .settings(&settings)
            .include(&["file_search_call.results"])
            .previous_response_id("resp_0")
            .conversation("conv_1");
        assert_eq!(
            body(&request),
            concat!(
                r#"{"model":"m","previous_response_id":"resp_0","conversation":"conv_1","#,
                r#""instructions":"Be brief.","#,
                r#""input":[{"type":"message","role":"user","#,
                r#""content":[{"type":"input_text","text":"Hi"}]}],"#,
                r#""include":["x","a","file_search_call.results","message.output_text.logprobs"],"#,
                r#""tools":[{"type":"web_search","filters":null}],"#,
                r#""tool_choice":{"type":"function","name":"get_weather"},"#,
                r#""parallel_tool_calls":false,"#,
                r#""text":{"format":{"type":"text"},"verbosity":"high"},"#,
                r#""reasoning":{"effort":"low","summary":"auto"},"#,
                r#""temperature":0.5,"max_output_tokens":100,"top_logprobs":2,"#,
                r#""truncation":"auto","store":false,"metadata":{"a":"1","b":"2"},"#,
                r#""service_tier":"flex","prompt_cache_key":"k","prompt_cache_retention":"24h","#,
                r#""prompt_cache_options":{"mode":"implicit"},"#,
                r#""context_management":[{"type":"compaction"}],"stream":true,"#,
                r#""brand_new":{"z":1,"a":2},"top_p":0.1}"#,
            )
        );
    }

    #[test]
    fn a_stored_prompt_keeps_its_tools() {
        let prompt: Box<RawValue> = RawValue::from_string(r#"{"id":"p"}"#.to_owned()).unwrap();
        let settings = ModelSettings::new().parallel_tool_calls(true);
        let with = ModelRequest::new(&[]).settings(&settings).prompt(&*prompt);
        assert_eq!(
            body(&with),
            concat!(
                r#"{"model":"m","prompt":{"id":"p"},"input":[],"include":[],"#,
                r#""parallel_tool_calls":true,"stream":true}"#
            )
        );
        let without = ModelRequest::new(&[]).settings(&settings);
        assert!(!body(&without).contains("parallel_tool_calls"));
    }

    #[test]
    fn names_choose_tools_as_in_python() {
        let wire = |choice: ToolChoice| serde_json::to_value(choice).unwrap();
        assert_eq!(wire("auto".into()), json!("auto"));
        assert_eq!(wire("required".into()), json!("required"));
        assert_eq!(wire("none".into()), json!("none"));
        assert_eq!(wire("web_search".into()), json!({"type": "web_search"}));
        assert_eq!(
            wire("lookup".into()),
            json!({"type": "function", "name": "lookup"})
        );
        let mcp = ToolChoice::Mcp {
            server_label: "s".to_owned(),
            name: "t".to_owned(),
        };
        assert_eq!(
            wire(mcp),
            json!({"type": "mcp", "server_label": "s", "name": "t"})
        );
    }

    #[test]
    fn debug_shows_no_values_of_extras() {
        let settings = ModelSettings::new()
            .store(true)
            .extra_header("x-key", "hush")
            .extra_query("token", "hush")
            .extra_body("key", "hush");
        let input = [InputItem::user("hush")];
        let request = ModelRequest::new(&input)
            .instructions("hush")
            .settings(&settings);
        let shown = format!("{request:?}");
        assert!(
            shown.contains("x-key") && shown.contains("store"),
            "{shown}"
        );
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn overlays_merge_extras_and_replace_the_rest() {
        let base = ModelSettings::new()
            .metadata("a", "1")
            .extra_body("x", 1)
            .extra_body("y", 1)
            .store(true);
        let over = ModelSettings::new().metadata("b", "2").extra_body("y", 2);
        let merged = base.overlay(&over);
        assert_eq!(merged.store, Some(true));
        assert_eq!(merged.metadata, over.metadata);
        assert_eq!(
            serde_json::to_value(&merged.extra_body).unwrap(),
            json!({"x": 1, "y": 2})
        );
        assert_eq!(ModelSettings::new().overlay(&base), base);
        assert_eq!(base.overlay(&ModelSettings::new()), base);
    }
}
