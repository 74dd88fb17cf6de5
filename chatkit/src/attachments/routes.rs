//! The routes of uploads, downloads and previews.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::Utc;
use futures::{StreamExt, stream};
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, StatusCode};

use super::error::UploadError;
use super::names::{content_disposition, is_safe_id};
use super::signed::{Grant, SignedQuery};
use super::sniff::is_picture;
use super::upload::{self, Authority, Form};
use super::{BlobAttachmentStore, about};
use crate::axum::refusal::{self, Refused, message_response};
use crate::axum::request;
use crate::error::DEFAULT_MESSAGE;
use crate::store::{Store, StoreError};
use crate::types::Attachment;

/// How a file is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Download,
    Preview,
}

impl<C: Send + Sync + 'static> BlobAttachmentStore<C> {
    /// The routes, to be merged beside [`chatkit::axum::router`](crate::axum::router).
    ///
    /// | | |
    /// |---|---|
    /// | `POST /attachments` | direct upload: a form with the field `file`; the answer is the attachment |
    /// | `PUT`, `POST /attachments/{id}` | second phase of an upload: the bytes, or a form |
    /// | `GET /attachments/{id}` | download |
    /// | `GET /attachments/{id}/preview` | a picture to show |
    ///
    /// `context` makes a request's context from its head, as for the protocol's own route, and refuses in the same form. It
    /// is not called for a signed URL, which is its own permission. Failures are JSON with a `message`:
    /// 403 for a signature that is wrong or has expired, 404 for what is not there for this caller, 408 for an upload that
    /// [stalls](super::AttachmentOptions::client_patience), 409 for one that was made before, 413 and 415 for what is too
    /// large or of a wrong type.
    pub fn router<F, Fut, R>(&self, context: F) -> Router
    where
        F: Fn(Parts) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<C, R>> + Send,
        R: IntoResponse,
    {
        let direct = {
            let (this, context) = (self.clone(), context.clone());
            move |request: Request<Body>| async move {
                answer(request, move |parts, body| async move {
                    let body = this.upload_body(&parts, body);
                    let context = context_of(parts, context).await?;
                    Ok(created(this.create_and_upload(context, body).await?)?)
                })
                .await
            }
        };
        let second_phase = |form: Form| {
            let (this, context) = (self.clone(), context.clone());
            move |Path(id): Path<String>, request: Request<Body>| async move {
                answer(request, move |parts, body| async move {
                    let body = this.upload_body(&parts, body);
                    let authority = authority(parts, context).await?;
                    Ok(created(this.upload(&id, authority, form, body).await?)?)
                })
                .await
            }
        };
        let give = |purpose: Purpose| {
            let (this, context) = (self.clone(), context.clone());
            move |Path(id): Path<String>, request: Request<Body>| async move {
                answer(request, move |parts, _| async move {
                    let authority = authority(parts, context).await?;
                    let given = this.give(&id, authority, purpose).await;
                    Ok(given.map_err(UploadError::in_download)?)
                })
                .await
            }
        };
        let route = &self.0.route;
        Router::new()
            .route(route, post(direct))
            .route(
                &format!("{route}/{{id}}"),
                get(give(Purpose::Download))
                    .put(second_phase(Form::Raw))
                    .post(second_phase(Form::Multipart)),
            )
            .route(
                &format!("{route}/{{id}}/preview"),
                get(give(Purpose::Preview)),
            )
    }

    fn upload_body(&self, parts: &Parts, body: Body) -> upload::Body {
        let text = |name: HeaderName| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let patience = self.0.options.patience;
        let pieces = stream::try_unfold(body.into_data_stream(), move |mut body| async move {
            match tokio::time::timeout(patience, body.next()).await {
                Ok(Some(Ok(piece))) => Ok(Some((piece, body))),
                Ok(Some(Err(error))) => Err(UploadError::Body(error.into())),
                Ok(None) => Ok(None),
                Err(_) => Err(UploadError::Stalled),
            }
        });
        upload::Body {
            content_type: text(CONTENT_TYPE).unwrap_or_default().to_owned(),
            length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            pieces: pieces.boxed(),
        }
    }

    async fn give(
        &self,
        id: &str,
        authority: Authority<C>,
        purpose: Purpose,
    ) -> Result<Response, UploadError> {
        if !is_safe_id(id) {
            return Err(UploadError::NotFound);
        }
        let (mime_type, name, seconds) = match authority {
            Authority::Signed(query) => {
                let mime_type = &query.mime_type;
                let grant = match purpose {
                    Purpose::Preview => Grant::Preview { id, mime_type },
                    Purpose::Download => Grant::Download {
                        id,
                        mime_type,
                        name: &query.name,
                    },
                };
                self.verify(grant, &query)?;
                let seconds = query.expires - Utc::now().timestamp();
                (query.mime_type, query.name, seconds.max(0))
            }
            Authority::Context(context) => {
                let attachment = self.0.store.load_attachment(id, &context).await?;
                if attachment.upload_descriptor().is_some() {
                    return Err(UploadError::NotFound);
                }
                let mime_type = attachment.mime_type().to_owned();
                (mime_type, attachment.name().to_owned(), 0)
            }
        };
        let disposition = match purpose {
            Purpose::Download => content_disposition("attachment", &name),
            Purpose::Preview if is_picture(&mime_type) => HeaderValue::from_static("inline"),
            Purpose::Preview => return Err(UploadError::NotFound),
        };
        // All text is UTF-8: nothing else was let in.
        let content_type = if mime_type.starts_with("text/") {
            HeaderValue::from_str(&format!("{mime_type}; charset=utf-8"))
        } else {
            HeaderValue::from_str(&mime_type)
        }
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let cache = HeaderValue::from_str(&format!("private, max-age={seconds}"))
            .unwrap_or(HeaderValue::from_static("no-store"));

        let file = self
            .0
            .blobs
            .get(id)
            .await
            .map_err(|error| about(id, error))?;
        let headers: [(HeaderName, HeaderValue); 6] = [
            (CONTENT_TYPE, content_type),
            (CONTENT_LENGTH, file.meta.size.into()),
            (CONTENT_DISPOSITION, disposition),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            // Whatever a browser makes of it, it runs nothing and loads nothing.
            (
                CONTENT_SECURITY_POLICY,
                HeaderValue::from_static("default-src 'none'; sandbox"),
            ),
            (CACHE_CONTROL, cache),
        ];
        Ok((headers, Body::from_stream(file.into_stream())).into_response())
    }
}

/// Why a request gets no file, and takes none.
enum Failure {
    /// No context, with the response that says so.
    Refused(Response),
    Upload(UploadError),
}

impl From<UploadError> for Failure {
    fn from(error: UploadError) -> Self {
        Self::Upload(error)
    }
}

/// Answers a request the way the protocol's own route does: with its id, and panics contained.
async fn answer<Fut>(request: Request<Body>, work: impl FnOnce(Parts, Body) -> Fut) -> Response
where
    Fut: Future<Output = Result<Response, Failure>>,
{
    let (mut parts, body) = request.into_parts();
    let info = request::from_headers(&parts.headers);
    parts.extensions.insert(info.clone());
    let answer = async {
        work(parts, body).await.unwrap_or_else(|error| match error {
            Failure::Refused(response) => response,
            Failure::Upload(error) => failed(&error),
        })
    };
    let panicked = || {
        tracing::error!("a panic at an attachment");
        message_response(StatusCode::INTERNAL_SERVER_ERROR, DEFAULT_MESSAGE)
    };
    request::traced(&info, answer, panicked).await
}

async fn context_of<C, F, Fut, R>(parts: Parts, context: F) -> Result<C, Failure>
where
    F: FnOnce(Parts) -> Fut,
    Fut: Future<Output = Result<C, R>>,
    R: IntoResponse,
{
    let context = context(parts).await;
    match context.map_err(IntoResponse::into_response) {
        Ok(context) => Ok(context),
        Err(refusal) => match refusal::read(refusal).await {
            Refused::Failure(_, response) | Refused::Response(response) => {
                Err(Failure::Refused(response))
            }
        },
    }
}

async fn authority<C, F, Fut, R>(parts: Parts, context: F) -> Result<Authority<C>, Failure>
where
    F: FnOnce(Parts) -> Fut,
    Fut: Future<Output = Result<C, R>>,
    R: IntoResponse,
{
    match SignedQuery::parse(parts.uri.query()) {
        Some(query) => Ok(Authority::Signed(query)),
        None => Ok(Authority::Context(context_of(parts, context).await?)),
    }
}

fn created(mut attachment: Attachment) -> Result<Response, UploadError> {
    attachment.hide_metadata();
    let json = serde_json::to_vec(&attachment).map_err(StoreError::other)?;
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((headers, json).into_response())
}

fn failed(error: &UploadError) -> Response {
    if let UploadError::Store(cause) | UploadError::Unreadable(cause) = error {
        let cause: &dyn std::error::Error = match cause {
            StoreError::Other(cause) | StoreError::Conflict(cause) => &**cause,
            other => other,
        };
        tracing::error!(error = cause, "an attachment could not be stored or read");
    } else {
        tracing::debug!(%error, "an attachment was refused");
    }
    message_response(error.status(), &error.to_string())
}
