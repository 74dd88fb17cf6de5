//! Cross-origin requests.

use std::fmt;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Uri};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request::{FRAME_HEADER, REQUEST_ID_HEADER};

/// What browsers keep a preflight's answer for at most.
const MAX_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// Lets pages of other origins use the chat: what the client sends beyond a simple request is allowed.
///
/// That is `POST`, `GET` and `PUT` (uploads and previews) with the headers `content-type`, `accept`, `authorization` and
/// `chatkit-frame-instance-id`, which the client sends with every request and which browsers ask about first. Add the headers
/// of your own. Pages can read `x-request-id`.
///
/// ```
/// use axum::http::HeaderName;
/// use chatkit::axum::Cors;
///
/// # fn main() -> Result<(), chatkit::axum::CorsError> {
/// let cors = Cors::new(["https://app.example.com"])
///     .allow_header(HeaderName::from_static("x-team"))
///     .into_layer()?;
/// let app: axum::Router = axum::Router::new() // .merge(chatkit::axum::router(…))
///     .layer(cors);
/// # drop(app);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Cors {
    /// `None` is any.
    origins: Option<Vec<String>>,
    headers: Vec<HeaderName>,
    credentials: bool,
}

impl Cors {
    /// Allows the pages of these origins, each a scheme and a host: `https://app.example.com`.
    pub fn new<T: Into<String>>(origins: impl IntoIterator<Item = T>) -> Self {
        Self {
            origins: Some(origins.into_iter().map(Into::into).collect()),
            headers: vec![
                CONTENT_TYPE,
                ACCEPT,
                AUTHORIZATION,
                HeaderName::from_static(FRAME_HEADER),
                HeaderName::from_static(REQUEST_ID_HEADER),
            ],
            credentials: false,
        }
    }

    /// Allows every page. Fine where each request carries its own token; not together with cookies.
    pub fn any_origin() -> Self {
        Self {
            origins: None,
            ..Self::new([""; 0])
        }
    }

    /// Allows a header that your client adds.
    #[must_use]
    pub fn allow_header(mut self, name: HeaderName) -> Self {
        self.headers.push(name);
        self
    }

    /// Allows cookies.
    #[must_use]
    pub fn allow_credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// The layer for a router; the routes of uploads need it as well.
    ///
    /// # Errors
    ///
    /// When an origin is none, which would silently match nothing, when there is none at all, and when cookies are allowed
    /// from every page.
    pub fn into_layer(self) -> Result<CorsLayer, CorsError> {
        let origins = match self.origins {
            None if self.credentials => return Err(CorsError::CredentialsFromAnywhere),
            None => AllowOrigin::any(),
            Some(origins) if origins.is_empty() => return Err(CorsError::NoOrigin),
            Some(origins) => {
                let origins: Result<Vec<_>, _> = origins.iter().map(|o| origin(o)).collect();
                AllowOrigin::list(origins?)
            }
        };
        Ok(CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::POST, Method::GET, Method::PUT])
            .allow_headers(self.headers)
            .allow_credentials(self.credentials)
            .expose_headers([HeaderName::from_static(REQUEST_ID_HEADER)])
            .max_age(MAX_AGE))
    }
}

/// An origin exactly as browsers send it.
fn origin(origin: &str) -> Result<HeaderValue, CorsError> {
    let invalid = |problem| CorsError::Origin {
        origin: origin.to_owned(),
        problem,
    };
    if origin == "*" {
        return Err(invalid("to allow every page, use `Cors::any_origin`"));
    }
    let uri: Uri = origin
        .parse()
        .map_err(|_| invalid("expected a scheme and a host"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(invalid(
            "expected a scheme and a host, such as `https://app.example.com`",
        ));
    };
    let exact = format!("{scheme}://{authority}");
    if !origin.eq_ignore_ascii_case(&exact) {
        return Err(invalid(
            "an origin has no path, not even a slash at its end",
        ));
    }
    if origin != exact.to_ascii_lowercase() {
        return Err(invalid("browsers send origins in lower case"));
    }
    if matches!(
        (scheme, authority.port_u16()),
        ("http", Some(80)) | ("https", Some(443))
    ) {
        return Err(invalid("browsers leave out the default port"));
    }
    HeaderValue::from_str(origin).map_err(|_| invalid("not a header value"))
}

/// Why a [`Cors`] is none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CorsError {
    /// No browser would ever send this as an origin.
    #[non_exhaustive]
    Origin {
        /// The origin.
        origin: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The list of origins is empty.
    NoOrigin,
    /// Cookies are allowed, and every page is: any page could then act as its visitor.
    CredentialsFromAnywhere,
}

impl fmt::Display for CorsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin { origin, problem } => write!(f, "CORS origin {origin:?}: {problem}"),
            Self::NoOrigin => f.write_str("CORS: name at least one origin"),
            Self::CredentialsFromAnywhere => f.write_str(
                "CORS: cookies cannot be allowed from every origin; name the origins of your pages",
            ),
        }
    }
}

impl std::error::Error for CorsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_that_match_nothing_are_errors() {
        for good in [
            "https://app.example.com",
            "http://localhost:5173",
            "http://127.0.0.1:8080",
            "tauri://localhost",
        ] {
            assert!(Cors::new([good]).into_layer().is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "app.example.com",
            "https://app.example.com/",
            "https://app.example.com/chat",
            "https://App.example.com",
            "https://app.example.com:443",
            "https://a b",
        ] {
            let error = Cors::new([bad]).into_layer().unwrap_err().to_string();
            assert!(error.contains(&format!("{bad:?}: ")), "{error}");
        }
        assert_eq!(
            Cors::new([""; 0]).into_layer().unwrap_err(),
            CorsError::NoOrigin
        );
        let anywhere = Cors::any_origin();
        assert!(anywhere.clone().into_layer().is_ok());
        assert_eq!(
            anywhere.allow_credentials().into_layer().unwrap_err(),
            CorsError::CredentialsFromAnywhere
        );
    }
}
