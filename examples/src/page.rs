//! The page to try an example in, at `/`. It is part of the program, and asks nobody else for anything.
//!
//! Its source is in `examples/page`; what is built from it is committed beside it. With a domain key in
//! `CHATKIT_DOMAIN_KEY` the same route has a page with the official ChatKit.js instead, which its CDN serves.

use std::collections::BTreeMap;
use std::env;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chatkit::types::IconName;
use serde::Serialize;
use serde_json::{Value, json};

const HTML: &str = include_str!("../page/dist/index.html");
const SCRIPT: &str = include_str!("../page/dist/page.js");
const STYLE: &str = include_str!("../page/dist/page.css");
const EMBED: &str = include_str!("../page/embed.html");

/// Where the official client comes from.
const CDN: &str = "https://cdn.platform.openai.com";

/// The page as it is without an example's own settings.
///
/// `GET /`, `/page.js`, `/page.css` and `/page.json`; merge it into the example's routes.
pub fn router() -> Router {
    Page::new("ChatKit").router()
}

/// What the page of an example offers. It is served to it as `/page.json`, under the names that ChatKit.js has for its
/// options.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    title: String,
    api: Api,
    start_screen: StartScreen,
    composer: Composer,
    entities: Entities,
    client_tools: BTreeMap<String, Value>,
    actions: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disclaimer: Option<Value>,
    #[serde(skip)]
    image_origins: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Api {
    url: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_strategy: Option<Value>,
}

#[derive(Debug, Clone, Default, Serialize)]
struct StartScreen {
    #[serde(skip_serializing_if = "Option::is_none")]
    greeting: Option<String>,
    prompts: Vec<Value>,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Composer {
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<Value>,
    tools: Vec<Tool>,
    models: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dictation: Option<Value>,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entities {
    list: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search_url: Option<String>,
}

/// How the page sends files to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uploads {
    /// It asks for a place (`attachments.create`), and uploads to it.
    TwoPhase,
    /// It uploads to this address, which answers with the attachment.
    Direct(String),
}

/// A tool that the user can choose for a message.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    id: String,
    label: String,
    icon: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    placeholder_override: Option<String>,
    pinned: bool,
    persistent: bool,
}

impl Tool {
    /// A tool in the menu of the composer. `id` is what the server gets as `tool_choice`.
    pub fn new(id: impl Into<String>, label: impl Into<String>, icon: &IconName) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            icon: icon.as_str().into_owned(),
            placeholder_override: None,
            pinned: false,
            persistent: false,
        }
    }

    /// What the composer says while the tool is chosen.
    pub fn placeholder(mut self, text: impl Into<String>) -> Self {
        self.placeholder_override = Some(text.into());
        self
    }

    /// Beside the menu instead of in it.
    pub fn pinned(mut self) -> Self {
        self.pinned = true;
        self
    }

    /// Still chosen after a message.
    pub fn persistent(mut self) -> Self {
        self.persistent = true;
        self
    }
}

impl Page {
    /// A page for the server at `/chatkit`, with what every server has.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            api: Api {
                url: "/chatkit",
                domain_key: None,
                upload_strategy: None,
            },
            start_screen: StartScreen::default(),
            composer: Composer::default(),
            entities: Entities::default(),
            client_tools: BTreeMap::new(),
            actions: Vec::new(),
            disclaimer: None,
            image_origins: Vec::new(),
        }
    }

    /// What the page says before the first message.
    pub fn greeting(mut self, text: impl Into<String>) -> Self {
        self.start_screen.greeting = Some(text.into());
        self
    }

    /// A message that a click sends.
    pub fn prompt(mut self, label: &str, icon: &IconName, prompt: &str) -> Self {
        let prompt = json!({"label": label, "icon": icon.as_str(), "prompt": prompt});
        self.start_screen.prompts.push(prompt);
        self
    }

    /// Lets the user add files.
    pub fn uploads(mut self, uploads: Uploads) -> Self {
        self.api.upload_strategy = Some(match uploads {
            Uploads::TwoPhase => json!({"type": "two_phase"}),
            Uploads::Direct(url) => json!({"type": "direct", "uploadUrl": url}),
        });
        self.composer.attachments = Some(json!({"enabled": true}));
        self
    }

    /// A tool that the user can choose.
    pub fn tool(mut self, tool: Tool) -> Self {
        self.composer.tools.push(tool);
        self
    }

    /// A model that the user can choose; the first is chosen to begin with.
    pub fn model(mut self, id: &str, label: &str, description: &str) -> Self {
        let default = self.composer.models.is_empty();
        let model =
            json!({"id": id, "label": label, "description": description, "default": default});
        self.composer.models.push(model);
        self
    }

    /// Lets the user speak, in browsers that can record.
    pub fn dictation(mut self) -> Self {
        self.composer.dictation = Some(json!({"enabled": true}));
        self
    }

    /// Something that a message can mention with `@`.
    pub fn entity(mut self, id: &str, title: &str, group: &str, icon: &IconName) -> Self {
        let entity = json!({"id": id, "title": title, "group": group, "icon": icon.as_str()});
        self.entities.list.push(entity);
        self
    }

    /// Where the page looks for what can be mentioned: `GET {url}?q=` answers with a JSON array of entities.
    pub fn entity_search(mut self, url: impl Into<String>) -> Self {
        self.entities.search_url = Some(url.into());
        self
    }

    /// Answers a client tool with this result, without the user. For any other the page asks the user.
    pub fn client_tool(mut self, name: impl Into<String>, result: Value) -> Self {
        self.client_tools.insert(name.into(), result);
        self
    }

    /// An action that the user can send from the menu of the composer, which no widget belongs to.
    #[expect(clippy::needless_pass_by_value, reason = "it is a literal")]
    pub fn action(mut self, label: &str, action_type: &str, payload: Value) -> Self {
        let action = json!({"type": action_type, "payload": payload});
        self.actions.push(json!({"label": label, "action": action}));
        self
    }

    /// A line of Markdown below the composer.
    pub fn disclaimer(mut self, text: &str) -> Self {
        self.disclaimer = Some(json!({"text": text}));
        self
    }

    /// Lets images of widgets and messages come from another origin, such as `https://images.example`. Those of this
    /// server are always shown.
    pub fn images_from(mut self, origin: impl Into<String>) -> Self {
        self.image_origins.push(origin.into());
        self
    }

    /// The routes of the page. Reads `CHATKIT_DOMAIN_KEY`.
    ///
    /// # Panics
    ///
    /// When an origin that images may come from is no text for a header.
    pub fn router(mut self) -> Router {
        let key = env::var("CHATKIT_DOMAIN_KEY").ok();
        self.api.domain_key = key.filter(|key| !key.is_empty());
        let images = self.image_origins.join(" ");
        let config = serde_json::to_string(&self).unwrap_or_else(|_| "{}".to_owned());

        let settings = File::new("application/json", config);
        let router = Router::new().route("/page.json", settings.route());
        if self.api.domain_key.is_some() {
            return router.route("/", get(move || async move { embedded(&images) }));
        }
        // `style` and `script` are files of this server; elements get their styles through the DOM.
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: {images}; \
             connect-src 'self'; media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let html = File::new("text/html; charset=utf-8", HTML).policy(&policy);
        let script = File::new("text/javascript; charset=utf-8", SCRIPT);
        let style = File::new("text/css; charset=utf-8", STYLE);
        router
            .route("/", html.route())
            .route("/page.js", script.route())
            .route("/page.css", style.route())
    }
}

/// The page with the official client: what it may load and run is wider by its CDN, and by the script in the page, which
/// is allowed by a number that is used once.
fn embedded(images: &str) -> Response {
    let nonce = uuid::Uuid::new_v4().simple().to_string();
    let html = EMBED.replace("<script", &format!("<script nonce=\"{nonce}\""));
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' {CDN}; style-src 'self' 'unsafe-inline' {CDN}; \
         frame-src {CDN}; connect-src 'self' {CDN}; img-src 'self' data: blob: {CDN} {images}; font-src {CDN}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = axum::response::Html(html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy_value(&policy));
    response
}

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

#[expect(clippy::expect_used, reason = "the origins are literals of an example")]
fn policy_value(policy: &str) -> HeaderValue {
    HeaderValue::from_str(policy).expect("origins are plain ASCII")
}

/// A file in memory. Browsers ask each time whether they have the current one.
#[derive(Clone)]
struct File {
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Arc<str>,
    tag: HeaderValue,
}

impl File {
    fn new(content_type: &'static str, body: impl Into<Arc<str>>) -> Self {
        let body = body.into();
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let tag = format!("\"{:016x}\"", hasher.finish());
        let tag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
        let headers = vec![
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::ETAG, tag.clone()),
            (header::X_CONTENT_TYPE_OPTIONS, NOSNIFF),
            (
                header::REFERRER_POLICY,
                HeaderValue::from_static("no-referrer"),
            ),
        ];
        Self { headers, body, tag }
    }

    fn policy(mut self, policy: &str) -> Self {
        let policy = (header::CONTENT_SECURITY_POLICY, policy_value(policy));
        self.headers.push(policy);
        self
    }

    fn route(self) -> axum::routing::MethodRouter {
        get(move |request: HeaderMap| async move { self.answer(&request) })
    }

    fn answer(&self, request: &HeaderMap) -> Response {
        let known = request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .any(|tag| tag == self.tag);
        let mut response = match known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => self.body.to_string().into_response(),
        };
        for (name, value) in &self.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}
