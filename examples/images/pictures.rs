//! A directory of pictures, and the route that serves them.

use std::path::PathBuf;
use std::{fs, io};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chatkit::BoxError;

/// Pictures as PNG files, named after the model's calls. Cloning is cheap and gives the same pictures.
#[derive(Clone)]
pub(crate) struct Pictures {
    directory: PathBuf,
    base: String,
}

impl Pictures {
    /// Makes the directory, if there is none.
    pub(crate) fn open(directory: impl Into<PathBuf>, base: String) -> io::Result<Self> {
        let directory = directory.into();
        fs::create_dir_all(&directory)?;
        Ok(Self { directory, base })
    }

    /// Saves a picture, and gives its URL. A coarse one has a file of its own, so that no cache shows it in place of the
    /// finished one.
    pub(crate) async fn save(
        &self,
        id: &str,
        base64: &str,
        partial: Option<u64>,
    ) -> Result<String, BoxError> {
        let png = STANDARD.decode(base64)?;
        let name = match partial {
            Some(index) => format!("{id}.{index}"),
            None => id.to_owned(),
        };
        tokio::fs::write(self.path(&name)?, png).await?;
        Ok(format!("{}/pictures/{name}", self.base))
    }

    /// A picture as a `data:` URL.
    pub(crate) async fn load(&self, id: &str) -> Result<String, BoxError> {
        let png = tokio::fs::read(self.path(id)?).await?;
        Ok(format!("data:image/png;base64,{}", STANDARD.encode(png)))
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/pictures/{name}", get(picture))
            .with_state(self.clone())
    }

    /// The file of a picture. Names come from the model and from URLs: none may lead out of the directory.
    fn path(&self, name: &str) -> io::Result<PathBuf> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a picture's name",
            ));
        }
        Ok(self.directory.join(format!("{name}.png")))
    }
}

/// `GET /pictures/{name}`
async fn picture(State(pictures): State<Pictures>, Path(name): Path<String>) -> Response {
    let png = match pictures.path(&name) {
        Ok(path) => tokio::fs::read(path).await,
        Err(error) => Err(error),
    };
    match png {
        Ok(png) => {
            let headers = [
                (header::CONTENT_TYPE, "image/png"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (
                    header::CACHE_CONTROL,
                    "private, max-age=31536000, immutable",
                ),
            ];
            (headers, png).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
