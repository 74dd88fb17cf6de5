//! A client of the Responses API.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url, redirect};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::body::Body;
use super::error::{ModelError, ModelErrorKind};
use super::request::ModelRequest;
use super::transport::{Call, IDEMPOTENCY_KEY};
use super::{Model, ModelStream};

const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";
const USER_AGENT: &str = concat!("chatkit-agents/", env!("CARGO_PKG_VERSION"));

/// A connection pool to one endpoint that speaks the Responses API, with its key.
///
/// Cloning shares the pool. The client keeps no task and no state of a conversation.
///
/// ```
/// use chatkit_agents::model::ResponsesClient;
///
/// # fn main() -> Result<(), chatkit_agents::model::ModelError> {
/// let client = ResponsesClient::builder()
///     .api_key("sk-…")
///     .base_url("http://localhost:8000/v1")
///     .build()?;
/// let model = client.model("my-model");
/// assert!(!format!("{client:?}").contains("sk-"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[doc(alias = "OpenAIProvider")]
pub struct ResponsesClient(Arc<Config>);

/// What every call of a client shares.
pub(super) struct Config {
    pub(super) http: reqwest::Client,
    /// `{base_url}/responses`.
    pub(super) url: Url,
    /// All headers of the client; the key among them is marked as sensitive.
    pub(super) headers: HeaderMap,
    pub(super) idle_timeout: Duration,
    pub(super) max_retries: u32,
    pub(super) max_event_bytes: usize,
}

impl ResponsesClient {
    /// A client to be configured.
    pub fn builder() -> ResponsesClientBuilder {
        ResponsesClientBuilder::default()
    }

    /// A client of the endpoint that the environment names: the key in `OPENAI_API_KEY`, the
    /// address in `OPENAI_BASE_URL` (OpenAI's if unset), and `OPENAI_ORG_ID` and
    /// `OPENAI_PROJECT_ID` if set. Empty variables count as unset.
    ///
    /// # Errors
    /// [`ModelErrorKind::Config`] without a key or with a malformed address.
    pub fn from_env() -> Result<Self, ModelError> {
        ResponsesClientBuilder::from_env(|name| std::env::var(name).ok())?.build()
    }

    /// A model of this endpoint.
    #[must_use]
    pub fn model(&self, name: impl Into<String>) -> ResponsesModel {
        ResponsesModel {
            client: self.clone(),
            name: name.into(),
        }
    }

    /// Calls another part of the API, JSON in and JSON out: `path` is what follows the base URL. Timeouts, retries and
    /// errors are those of a model call; a JSON answer may be as large as an event.
    pub(crate) async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&(impl Serialize + Sync + ?Sized)>,
    ) -> Result<T, ModelError> {
        self.prepare(method, path, query, body)?.json().await
    }

    /// A call as [`request`](Self::request) makes it.
    pub(super) fn prepare(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&(impl Serialize + ?Sized)>,
    ) -> Result<Call, ModelError> {
        let config = Arc::clone(&self.0);
        let mut url = config.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut headers = config.headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let body = match body {
            Some(body) => serde_json::to_vec(body)
                .map_err(|error| config_error("the request cannot be written").caused_by(error))?,
            None => Vec::new(),
        };
        if method == Method::POST {
            add_idempotency_key(&mut headers)?;
        }
        Ok(Call {
            method,
            url,
            headers,
            body: Bytes::from(body),
            repeatable: true,
            max_retries: config.max_retries,
            timeout: None,
            config,
        })
    }
}

impl fmt::Debug for ResponsesClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponsesClient")
            .field("host", &self.0.url.host_str())
            .field("idle_timeout", &self.0.idle_timeout)
            .field("max_retries", &self.0.max_retries)
            .finish_non_exhaustive()
    }
}

/// The configuration of a [`ResponsesClient`].
#[derive(Clone)]
#[must_use]
pub struct ResponsesClientBuilder {
    api_key: Option<ApiKey>,
    base_url: String,
    headers: Vec<(String, String)>,
    http: Option<reqwest::Client>,
    /// Ignore the proxies that the environment names.
    direct: bool,
    connect_timeout: Duration,
    idle_timeout: Duration,
    max_retries: u32,
    max_event_bytes: usize,
}

/// A key that does not show itself.
#[derive(Clone)]
struct ApiKey(String);

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Default for ResponsesClientBuilder {
    fn default() -> Self {
        Self {
            api_key: None,
            base_url: DEFAULT_BASE_URL.to_owned(),
            headers: Vec::new(),
            http: None,
            direct: false,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(300),
            max_retries: 2,
            max_event_bytes: 16 * 1024 * 1024,
        }
    }
}

impl ResponsesClientBuilder {
    fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ModelError> {
        let variable = |name| variable(name).filter(|value| !value.trim().is_empty());
        let key = variable("OPENAI_API_KEY")
            .ok_or_else(|| config_error("OPENAI_API_KEY is not set: export an API key in it"))?;
        let mut builder = Self::default().api_key(key.trim());
        if let Some(base_url) = variable("OPENAI_BASE_URL") {
            builder = builder.base_url(base_url.trim());
        }
        if let Some(organization) = variable("OPENAI_ORG_ID") {
            builder = builder.organization(organization);
        }
        if let Some(project) = variable("OPENAI_PROJECT_ID") {
            builder = builder.project(project);
        }
        Ok(builder)
    }

    /// Sets the key, sent as `authorization: Bearer …`. Endpoints on one's own machine often need
    /// none.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(ApiKey(key.into()));
        self
    }

    /// Sets the address that `/responses` is appended to. The default is
    /// `https://api.openai.com/v1`. A query in it, as Azure needs, is kept.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Sets the `openai-organization` header.
    pub fn organization(self, organization: impl Into<String>) -> Self {
        self.header("openai-organization", organization)
    }

    /// Sets the `openai-project` header.
    pub fn project(self, project: impl Into<String>) -> Self {
        self.header("openai-project", project)
    }

    /// Adds a header to every request; it replaces one of the same name, e.g. `user-agent`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets how long connecting may take. The default is 10 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long the endpoint may be silent. Any byte counts, keep-alive comments included.
    ///
    /// The default is 5 minutes: reasoning models, and a long prompt on one's own hardware, are
    /// silent for minutes before the first token, and giving up on them throws away work that is
    /// paid for. A peer that has vanished is noticed earlier, by TCP keep-alive.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets how often to try again before the first event, after a connection that could not be made or broke, and after
    /// the statuses 408, 409, 429 and 5xx. The default is 2. All attempts of a call have the same `idempotency-key`, and
    /// items are added to a conversation again only when they were not accepted.
    #[doc(alias = "ModelRetrySettings")]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets the largest event, or JSON answer, to accept, in bytes. The default is 16 MiB: events carry images.
    pub fn max_event_bytes(mut self, bytes: usize) -> Self {
        self.max_event_bytes = bytes;
        self
    }

    /// Sets the HTTP client, for a proxy, an own certificate authority or a client certificate.
    /// The connect timeout is then that client's. It should not follow redirects: a redirected
    /// `POST` loses its body or runs twice.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http = Some(client);
        self
    }

    /// Ignores the proxies that the environment names: the loopback interface needs none.
    #[cfg(feature = "testing")]
    pub(crate) fn direct(mut self) -> Self {
        self.direct = true;
        self
    }

    /// Builds the client. Nothing is connected yet.
    ///
    /// # Errors
    /// [`ModelErrorKind::Config`] when the address is not an `http` or `https` URL, when the key or
    /// a header has characters that headers cannot carry, and when TLS finds no root certificates.
    pub fn build(self) -> Result<ResponsesClient, ModelError> {
        let url = responses_url(&self.base_url)?;
        let headers = self.header_map()?;
        let http = match self.http {
            Some(http) => http,
            None => http_client(&url, self.connect_timeout, self.direct)?,
        };
        Ok(ResponsesClient(Arc::new(Config {
            http,
            url,
            headers,
            idle_timeout: self.idle_timeout,
            max_retries: self.max_retries,
            max_event_bytes: self.max_event_bytes,
        })))
    }

    fn header_map(&self) -> Result<HeaderMap, ModelError> {
        let mut headers = HeaderMap::new();
        insert(&mut headers, "user-agent", USER_AGENT)?;
        insert(&mut headers, "content-type", "application/json")?;
        insert(&mut headers, "accept", "text/event-stream")?;
        if let Some(ApiKey(key)) = &self.api_key {
            // The cause is left out: it could show the key.
            let mut value = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| {
                config_error("the API key has characters that a header cannot carry")
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        for (name, value) in &self.headers {
            insert(&mut headers, name, value)?;
        }
        Ok(headers)
    }
}

/// Shows neither the key nor headers, which may hold other keys.
impl fmt::Debug for ResponsesClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponsesClientBuilder")
            .field("api_key", &self.api_key)
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("max_retries", &self.max_retries)
            .field("max_event_bytes", &self.max_event_bytes)
            .finish_non_exhaustive()
    }
}

/// A model behind a [`ResponsesClient`].
#[derive(Clone, Debug)]
#[doc(alias = "OpenAIResponsesModel")]
pub struct ResponsesModel {
    client: ResponsesClient,
    name: String,
}

impl ResponsesModel {
    /// The client the model is called through.
    #[must_use]
    pub fn client(&self) -> &ResponsesClient {
        &self.client
    }

    fn call(&self, request: &ModelRequest<'_>) -> Result<Call, ModelError> {
        let config = Arc::clone(&self.client.0);
        let settings = request.settings;
        let body = serde_json::to_vec(&Body {
            model: &self.name,
            request,
        })
        .map_err(|error| config_error("the request cannot be written").caused_by(error))?;

        let mut url = config.url.clone();
        if let Some(query) = &settings.extra_query {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut headers = config.headers.clone();
        for (name, value) in settings.extra_headers.iter().flatten() {
            insert(&mut headers, name, value)?;
        }
        add_idempotency_key(&mut headers)?;
        Ok(Call {
            method: Method::POST,
            url,
            headers,
            body: Bytes::from(body),
            repeatable: true,
            max_retries: settings.max_retries.unwrap_or(config.max_retries),
            timeout: settings.timeout,
            config,
        })
    }
}

impl Model for ResponsesModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn stream(&self, request: &ModelRequest<'_>) -> ModelStream {
        match self.call(request) {
            Ok(call) => Box::pin(call.stream()),
            Err(error) => Box::pin(futures::stream::once(async { Err(error) })),
        }
    }
}

fn config_error(what: impl Into<Cow<'static, str>>) -> ModelError {
    ModelError::new(ModelErrorKind::Config, what)
}

/// A key that makes all attempts of a call one, unless the program has given one.
fn add_idempotency_key(headers: &mut HeaderMap) -> Result<(), ModelError> {
    if headers.contains_key(IDEMPOTENCY_KEY) {
        return Ok(());
    }
    insert(headers, IDEMPOTENCY_KEY, &Uuid::new_v4().to_string())
}

/// Sets a header, in place of one of the same name. Values the program gives may be secret.
fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), ModelError> {
    let bad = |problem: &str| config_error(format!("the header {name:?} has {problem}"));
    let name = HeaderName::try_from(name).map_err(|_| bad("characters that names cannot have"))?;
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| bad("a value with characters that a header cannot carry"))?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

fn responses_url(base_url: &str) -> Result<Url, ModelError> {
    let malformed = || config_error("the base URL is not an http or https URL");
    let mut url = Url::parse(base_url).map_err(|error| malformed().caused_by(error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(malformed());
    }
    url.path_segments_mut()
        .map_err(|()| malformed())?
        .pop_if_empty()
        .push("responses");
    Ok(url)
}

/// How HTTP clients do TLS: with a crypto provider of their own, so that none has to be set process-wide.
pub(crate) fn tls_config(url: &Url) -> Result<rustls::ClientConfig, ModelError> {
    let no_tls = || config_error("TLS cannot be set up: no usable root certificates");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| no_tls().caused_by(error))?;
    let tls = if url.scheme() == "http" {
        // Never used. A host without certificates can still talk to a plain endpoint.
        tls.with_root_certificates(rustls::RootCertStore::empty())
    } else {
        tls.with_platform_verifier()
            .map_err(|error| no_tls().caused_by(error))?
    };
    Ok(tls.with_no_client_auth())
}

fn http_client(
    url: &Url,
    connect_timeout: Duration,
    direct: bool,
) -> Result<reqwest::Client, ModelError> {
    let builder = reqwest::Client::builder();
    let builder = if direct { builder.no_proxy() } else { builder };
    builder
        .tls_backend_preconfigured(tls_config(url)?)
        .connect_timeout(connect_timeout)
        .tcp_keepalive(Duration::from_secs(30))
        // A redirected POST loses its body or runs twice, and may carry the key elsewhere.
        .redirect(redirect::Policy::none())
        .build()
        .map_err(|error| config_error("the HTTP client cannot be set up").caused_by(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_needs_a_key() {
        let from = |pairs: &'static [(&'static str, &'static str)]| {
            ResponsesClientBuilder::from_env(move |name| {
                let (_, value) = pairs.iter().find(|(key, _)| *key == name)?;
                Some((*value).to_owned())
            })
        };
        for missing in [&[][..], &[("OPENAI_API_KEY", "  ")]] {
            let error = from(missing).unwrap_err();
            assert_eq!(error.kind(), ModelErrorKind::Config);
            assert!(error.to_string().contains("OPENAI_API_KEY"));
        }
        let client = from(&[
            ("OPENAI_API_KEY", "sk-secret\n"),
            ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1/"),
            ("OPENAI_ORG_ID", "org_1"),
        ])
        .unwrap();
        assert!(!format!("{client:?}").contains("secret"));
        let client = client.build().unwrap();
        assert_eq!(client.0.url.as_str(), "http://127.0.0.1:9/v1/responses");
        assert_eq!(client.0.headers["openai-organization"], "org_1");
        assert_eq!(client.0.headers[AUTHORIZATION], "Bearer sk-secret");
        assert!(!format!("{client:?} {:?}", client.0.headers).contains("secret"));
    }

    #[test]
    fn addresses_keep_their_query() {
        let url =
            responses_url("https://x.openai.azure.com/openai/v1?api-version=preview").unwrap();
        assert_eq!(
            url.as_str(),
            "https://x.openai.azure.com/openai/v1/responses?api-version=preview"
        );
        for malformed in ["", "localhost:8000", "ftp://x/v1", "data:text/plain,x"] {
            let error = responses_url(malformed).unwrap_err();
            assert_eq!(error.kind(), ModelErrorKind::Config, "{malformed}");
        }
    }

    #[test]
    fn a_bad_key_is_not_shown() {
        let error = ResponsesClient::builder()
            .api_key("sk-se\ncret")
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Config);
        assert!(!format!("{error} {error:?}").contains("cret"));
    }

    #[test]
    fn tls_needs_no_provider_of_the_process() {
        let url = Url::parse("https://api.openai.com/v1").unwrap();
        assert!(http_client(&url, Duration::from_secs(1), false).is_ok());
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    }
}
