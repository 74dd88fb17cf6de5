//! Searching the web.

use serde_json::{Map, Value, json};

use super::{HostedTool, texts};
use crate::model::open_enum;

/// Lets the model search the web.
///
/// ```
/// use chatkit_agents::tool::{SearchContextSize, WebSearchTool};
///
/// let search = WebSearchTool::new()
///     .allowed_domains(["rust-lang.org"])
///     .user_location("Berlin", "DE")
///     .search_context_size(SearchContextSize::High);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WebSearchTool(pub(super) HostedTool);

impl WebSearchTool {
    /// A search of the whole web, with a medium context.
    pub fn new() -> Self {
        Self(HostedTool::new(json!({
            "type": "web_search",
            "filters": null,
            "user_location": null,
            "search_context_size": "medium",
        })))
    }

    fn option(self, name: &str, value: impl Into<Value>) -> Self {
        Self(self.0.option(name, value))
    }

    /// Sets the domains that are searched, with those below them; all by default.
    #[must_use]
    pub fn allowed_domains<T: Into<String>>(self, domains: impl IntoIterator<Item = T>) -> Self {
        self.option("filters", json!({"allowed_domains": texts(domains)}))
    }

    /// Sets where about the user is, so that results fit: the name of a city, and the two letters of a country
    /// (ISO 3166-1). Without this the API takes the United States.
    #[must_use]
    pub fn user_location(self, city: impl Into<String>, country: impl Into<String>) -> Self {
        self.location("city", city.into())
            .location("country", country.into())
    }

    /// Sets the user's region, `California` for example.
    #[must_use]
    pub fn user_region(self, region: impl Into<String>) -> Self {
        self.location("region", region.into())
    }

    /// Sets the user's IANA time zone, `America/Los_Angeles` for example.
    #[must_use]
    pub fn user_timezone(self, timezone: impl Into<String>) -> Self {
        self.location("timezone", timezone.into())
    }

    fn location(self, field: &str, value: String) -> Self {
        let known = self.0.definition().get("user_location");
        let mut location = match known.and_then(Value::as_object) {
            Some(location) => location.clone(),
            None => Map::from_iter([("type".to_owned(), "approximate".into())]),
        };
        location.insert(field.to_owned(), value.into());
        self.option("user_location", location)
    }

    /// Sets how much of what is found the model reads.
    #[must_use]
    pub fn search_context_size(self, size: impl Into<SearchContextSize>) -> Self {
        self.option("search_context_size", size.into().as_str())
    }

    /// Sets whether pages may be fetched now; otherwise only what the provider has stored is used. The API's default
    /// is to fetch.
    #[must_use]
    pub fn external_web_access(self, access: bool) -> Self {
        self.option("external_web_access", access)
    }

    /// Asks for images beside text, and for the results in the response.
    #[must_use]
    pub fn images(self) -> Self {
        let tool = self.option("search_content_types", json!(["text", "image"]));
        Self(tool.0.include("web_search_call.results"))
    }

    /// Sets how many [images](Self::images) there may be, and whether they come with a caption.
    #[must_use]
    pub fn image_settings(self, max_results: u32, caption: bool) -> Self {
        self.option(
            "image_settings",
            json!({"max_results": max_results, "caption": caption}),
        )
    }
}

open_enum! {
    /// How much of what a search finds the model reads.
    SearchContextSize {
        /// Little.
        Low = "low",
        /// The default.
        Medium = "medium",
        /// Much.
        High = "high",
    }
}

impl Default for WebSearchTool {
    fn default() -> Self {
        Self::new()
    }
}
