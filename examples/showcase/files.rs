//! Attachments, with their bytes in memory.
//!
//! In two phases: the client asks for a place (`attachments.create`), uploads to the URL it gets, and names the attachment
//! in its message. Or direct: it uploads to a URL that it knows, and gets the attachment as the answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chatkit::store::{
    AttachmentStore, DynStore, Store, StoreError, StoreItemType, default_generate_id,
};
use chatkit::types::{
    Attachment, AttachmentCreateParams, AttachmentUploadDescriptor, FileAttachment,
    ImageAttachment, UploadMethod, Url,
};

use crate::connection::Connection;

/// How large a file may be.
const LIMIT: usize = 10 * 1024 * 1024;

/// The bytes of attachments. Their records are in the server's store. Cloning is cheap and gives the same files.
#[derive(Clone)]
pub(crate) struct Files(Arc<Inner>);

struct Inner {
    /// What URLs begin with.
    base: String,
    method: UploadMethod,
    records: DynStore<Connection>,
    /// By the attachment's id.
    files: Mutex<HashMap<String, File>>,
}

/// A file, or the place for one.
#[derive(Clone)]
struct File {
    mime_type: String,
    bytes: Option<Bytes>,
}

impl Files {
    pub(crate) fn new(base: String, method: UploadMethod, records: DynStore<Connection>) -> Self {
        Self(Arc::new(Inner {
            base,
            method,
            records,
            files: Mutex::default(),
        }))
    }

    /// The routes that clients upload to, and get files from.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/upload/{id}", post(upload_form).put(upload_bytes))
            .route("/direct", post(upload_direct))
            .route("/files/{id}", get(download))
            .layer(DefaultBodyLimit::max(LIMIT))
            .with_state(self)
    }

    fn files(&self) -> MutexGuard<'_, HashMap<String, File>> {
        self.0.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn url(&self, route: &str, id: &str) -> Result<Url, StoreError> {
        Url::parse(format!("{}/{route}/{id}", self.0.base)).map_err(StoreError::other)
    }

    /// The record of a file; that of an image has a preview.
    fn record(&self, id: &str, name: &str, mime_type: &str) -> Result<Attachment, StoreError> {
        Ok(if mime_type.starts_with("image/") {
            ImageAttachment::new(id, name, mime_type, self.url("files", id)?).into()
        } else {
            FileAttachment::new(id, name, mime_type).into()
        })
    }

    /// Puts bytes into the place that was made for them. The record then says nothing of an upload any more.
    async fn fill(&self, id: &str, bytes: Bytes) -> Result<(), UploadError> {
        match self.files().get_mut(id) {
            Some(file) => file.bytes = Some(bytes),
            None => return Err(UploadError::UnknownFile),
        }
        let nobody = Connection::default();
        let mut record = self.0.records.load_attachment(id, &nobody).await?;
        match &mut record {
            Attachment::File(file) => file.upload_descriptor = None,
            Attachment::Image(image) => image.upload_descriptor = None,
            _ => {}
        }
        Ok(self.0.records.save_attachment(&record, &nobody).await?)
    }
}

impl AttachmentStore<Connection> for Files {
    async fn create_attachment(
        &self,
        params: &AttachmentCreateParams,
        _: &Connection,
    ) -> Result<Attachment, StoreError> {
        let id = default_generate_id(StoreItemType::Attachment);
        let upload = AttachmentUploadDescriptor::new(self.url("upload", &id)?, self.0.method);
        let mut record = self.record(&id, &params.name, &params.mime_type)?;
        match &mut record {
            Attachment::File(file) => file.upload_descriptor = Some(upload),
            Attachment::Image(image) => image.upload_descriptor = Some(upload),
            _ => {}
        }
        let file = File {
            mime_type: params.mime_type.clone(),
            bytes: None,
        };
        self.files().insert(id, file);
        Ok(record)
    }

    async fn delete_attachment(&self, id: &str, _: &Connection) -> Result<(), StoreError> {
        self.files().remove(id);
        Ok(())
    }
}

/// `POST /upload/{id}`: a form with the file in the field `file`.
async fn upload_form(
    State(files): State<Files>,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<StatusCode, UploadError> {
    let upload = read_form(form).await?;
    files.fill(&id, upload.bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /upload/{id}`: the bytes as they are.
async fn upload_bytes(
    State(files): State<Files>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<StatusCode, UploadError> {
    files.fill(&id, bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /direct`: a form with the file in the field `file`, answered with the attachment.
async fn upload_direct(
    State(files): State<Files>,
    form: Multipart,
) -> Result<Json<Attachment>, UploadError> {
    let Upload {
        name,
        mime_type,
        bytes,
    } = read_form(form).await?;
    let id = default_generate_id(StoreItemType::Attachment);
    let record = files.record(&id, &name, &mime_type)?;
    files.files().insert(
        id,
        File {
            mime_type,
            bytes: Some(bytes),
        },
    );
    files
        .0
        .records
        .save_attachment(&record, &Connection::default())
        .await?;
    Ok(Json(record))
}

/// `GET /files/{id}`. What a user has uploaded must not act as a page of this server: it is shown only as what it says it
/// is, without scripts, and what is no image is saved to disk.
async fn download(
    State(files): State<Files>,
    Path(id): Path<String>,
) -> Result<Response, UploadError> {
    let file = files
        .files()
        .get(&id)
        .cloned()
        .ok_or(UploadError::UnknownFile)?;
    let bytes = file.bytes.ok_or(UploadError::UnknownFile)?;
    let disposition = match file.mime_type.starts_with("image/") {
        true => "inline",
        false => "attachment",
    };
    let headers = [
        (header::CONTENT_TYPE, file.mime_type.as_str()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'",
        ),
    ];
    Ok((headers, bytes).into_response())
}

/// What a form brings.
struct Upload {
    name: String,
    mime_type: String,
    bytes: Bytes,
}

async fn read_form(mut form: Multipart) -> Result<Upload, UploadError> {
    while let Some(field) = form.next_field().await? {
        if field.name() == Some("file") {
            return Ok(Upload {
                name: field.file_name().unwrap_or("file").to_owned(),
                mime_type: field
                    .content_type()
                    .unwrap_or("application/octet-stream")
                    .to_owned(),
                bytes: field.bytes().await?,
            });
        }
    }
    Err(UploadError::NoFile)
}

/// Why an upload or a download failed.
enum UploadError {
    UnknownFile,
    NoFile,
    Form(MultipartError),
    Store(StoreError),
}

impl From<MultipartError> for UploadError {
    fn from(error: MultipartError) -> Self {
        Self::Form(error)
    }
}

impl From<StoreError> for UploadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for UploadError {
    fn into_response(self) -> Response {
        match self {
            Self::UnknownFile => (StatusCode::NOT_FOUND, "there is no such file").into_response(),
            Self::NoFile => {
                (StatusCode::BAD_REQUEST, "the form has no field `file`").into_response()
            }
            Self::Form(error) => error.into_response(),
            Self::Store(error) => {
                tracing::error!("{error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
