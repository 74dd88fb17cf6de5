//! What an attachment store must be told.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

use super::BlobAttachmentStore;
use super::blobs::Blobs;
use super::error::AttachmentConfigError;
use super::signed::Signer;
use super::sniff::{essence, is_accepted};
use crate::store::{DynStore, Store};
use crate::types::UploadMethod;

/// The least bytes of a secret: as many as the signature has.
const LEAST_SECRET: usize = 32;

/// What is accepted unless you say otherwise: what models read.
const DEFAULT_TYPES: [&str; 9] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
    "text/plain",
    "text/markdown",
    "text/csv",
    "application/json",
];

/// How a [`BlobAttachmentStore`] works; see there for an example.
pub struct AttachmentOptions<C> {
    pub(super) url: String,
    pub(super) route: Option<String>,
    secret: Vec<u8>,
    pub(super) owner: Arc<dyn Fn(&C) -> String + Send + Sync>,
    pub(super) context: Arc<dyn Fn(&str) -> C + Send + Sync>,
    pub(super) max_bytes: u64,
    pub(super) types: Vec<String>,
    pub(super) upload_method: UploadMethod,
    pub(super) upload_lifetime: Duration,
    pub(super) read_lifetime: Duration,
    pub(super) patience: Duration,
}

impl<C: Default + Send + Sync + 'static> AttachmentOptions<C> {
    /// For a server that does not tell users apart. `url` and `secret` are as for [`scoped`](Self::scoped).
    pub fn shared(url: impl Into<String>, secret: impl Into<Vec<u8>>) -> Self {
        Self::scoped(url, secret, |_| String::new(), |_| C::default())
    }
}

impl<C: Send + Sync + 'static> AttachmentOptions<C> {
    /// For a server that keeps users apart.
    ///
    /// - `url` is where browsers reach the [routes](BlobAttachmentStore::router), such as
    ///   `https://chat.example.com/attachments`.
    /// - `secret` signs URLs: 32 random bytes or more, the same on every instance, and after a restart.
    /// - `owner` gives a user's key from the context of a request, as for the store of the threads.
    /// - `context` makes a context from such a key. A signed URL comes without a sign-in, and looking for orphans without
    ///   a request; the store of the threads is then called with this context. Both together must give the same key again.
    pub fn scoped(
        url: impl Into<String>,
        secret: impl Into<Vec<u8>>,
        owner: impl Fn(&C) -> String + Send + Sync + 'static,
        context: impl Fn(&str) -> C + Send + Sync + 'static,
    ) -> Self {
        Self {
            url: url.into(),
            route: None,
            secret: secret.into(),
            owner: Arc::new(owner),
            context: Arc::new(context),
            max_bytes: 20 * 1024 * 1024,
            types: DEFAULT_TYPES.map(str::to_owned).to_vec(),
            upload_method: UploadMethod::Put,
            upload_lifetime: Duration::from_secs(10 * 60),
            read_lifetime: Duration::from_secs(60 * 60),
            patience: Duration::from_secs(60),
        }
    }

    /// Sets where the routes are in your router, if a proxy changes paths. The default is the path of the URL.
    #[must_use]
    pub fn route(mut self, path: impl Into<String>) -> Self {
        self.route = Some(path.into());
        self
    }

    /// Sets how many bytes a file may have. The default is 20 MiB.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets what is accepted: types such as `application/pdf`, kinds such as `image/*`, or `*/*`. The default is PNG, JPEG, GIF,
    /// WebP, PDF, JSON, and text that is plain, Markdown or CSV.
    #[must_use]
    pub fn types(mut self, types: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.types = types
            .into_iter()
            .map(|kind| essence(kind.as_ref()))
            .collect();
        self
    }

    /// Sets how clients upload in two phases. The default is `PUT`, which sends the bytes as they are.
    #[must_use]
    pub fn upload_method(mut self, method: UploadMethod) -> Self {
        self.upload_method = method;
        self
    }

    /// Sets for how long an upload may begin after `attachments.create`. The default is 10 minutes.
    #[must_use]
    pub fn upload_lifetime(mut self, lifetime: Duration) -> Self {
        self.upload_lifetime = lifetime;
        self
    }

    /// Sets for how long a signed URL of a picture or a download works. The default is an hour.
    #[must_use]
    pub fn read_lifetime(mut self, lifetime: Duration) -> Self {
        self.read_lifetime = lifetime;
        self
    }

    /// Sets for how long an upload may be silent before it is given up. The default is a minute.
    #[must_use]
    pub fn client_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Opens a store with its bytes in a folder, which is created if it is not there. The records go to `store`, which
    /// must be the server's: make a [`DynStore`] and give both a clone.
    ///
    /// # Errors
    ///
    /// The text says what to do: the folder cannot be written to, the secret is too short, the URL or a type is none.
    pub async fn open_folder(
        self,
        folder: impl AsRef<Path>,
        store: impl Store<C>,
    ) -> Result<BlobAttachmentStore<C>, AttachmentConfigError> {
        let folder = folder.as_ref().to_owned();
        let unusable = |folder: &Path| {
            let folder = folder.display();
            AttachmentConfigError::new(format!(
                "attachments cannot be kept in {folder}: \
                create the folder, and let the user that the server runs as write to it"
            ))
        };
        let open = {
            let folder = folder.clone();
            move || -> Result<(LocalFileSystem, PathBuf), crate::BoxError> {
                std::fs::create_dir_all(&folder)?;
                let files = LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true);
                Ok((files, folder.canonicalize()?))
            }
        };
        let (files, root) = match tokio::task::spawn_blocking(open).await {
            Ok(opened) => opened.map_err(|error| unusable(&folder).caused_by(error))?,
            Err(error) => return Err(unusable(&folder).caused_by(error)),
        };
        let blobs = Blobs::folder(Arc::new(files), root);
        self.open(blobs, DynStore::new(store), |error| {
            unusable(&folder).caused_by(error)
        })
        .await
    }

    /// Opens a store with its bytes in a bucket, or anything else that [`object_store`] knows. `store` is as for
    /// [`open_folder`](Self::open_folder).
    ///
    /// The bucket must be able to create an object only if it is not there, which is how an upload is kept from running
    /// twice. To keep other things in it, wrap it in [`PrefixStore`](object_store::prefix::PrefixStore). What an upload
    /// leaves that a crash has cut off is deleted by a rule of the bucket for incomplete multipart uploads.
    ///
    /// # Errors
    ///
    /// The text says what to do: the bucket cannot be written to, the secret is too short, the URL or a type is none.
    pub async fn open_bucket(
        self,
        bucket: impl ObjectStore,
        store: impl Store<C>,
    ) -> Result<BlobAttachmentStore<C>, AttachmentConfigError> {
        let name = bucket.to_string();
        let blobs = Blobs::bucket(Arc::new(bucket));
        self.open(blobs, DynStore::new(store), move |error| {
            AttachmentConfigError::new(format!(
                "attachments cannot be kept in {name}: check its name, its region and the credentials, and that they \
                allow to create, read, list and delete objects"
            ))
            .caused_by(error)
        })
        .await
    }

    async fn open(
        self,
        blobs: Blobs,
        store: DynStore<C>,
        unusable: impl FnOnce(object_store::Error) -> AttachmentConfigError,
    ) -> Result<BlobAttachmentStore<C>, AttachmentConfigError> {
        let (options, signer, route) = self.check()?;
        blobs.probe().await.map_err(unusable)?;
        Ok(BlobAttachmentStore::new(
            options, signer, route, blobs, store,
        ))
    }

    fn check(mut self) -> Result<(Self, Signer, String), AttachmentConfigError> {
        let secret = std::mem::take(&mut self.secret);
        let short = || {
            AttachmentConfigError::new(format!(
                "the secret for signed URLs has {} bytes and must have {LEAST_SECRET} or more: make one with \
                `openssl rand -hex 32`, and give the same to every instance",
                secret.len(),
            ))
        };
        if secret.len() < LEAST_SECRET {
            return Err(short());
        }
        let signer = Signer::new(&secret).ok_or_else(short)?;

        if let Some(unusable) = self.types.iter().find(|kind| !is_accepted(kind)) {
            return Err(AttachmentConfigError::new(format!(
                "{unusable:?} is no type of files: give types such as application/pdf, or kinds such as image/*",
            )));
        }

        let invalid = || {
            AttachmentConfigError::new(
                "the URL of the attachments is not valid: give the one at which browsers reach their routes, such as \
                https://chat.example.com/attachments",
            )
        };
        let url: Uri = self
            .url
            .parse()
            .map_err(|error| invalid().caused_by(error))?;
        if !matches!(url.scheme_str(), Some("http" | "https"))
            || url.query().is_some()
            || self.url.contains('#')
        {
            return Err(invalid());
        }
        self.url.truncate(self.url.trim_end_matches('/').len());
        let route = match &self.route {
            Some(route) => route.trim_end_matches('/').to_owned(),
            None => url.path().trim_end_matches('/').to_owned(),
        };
        if route.contains(['{', '}', '*']) || !(route.is_empty() || route.starts_with('/')) {
            return Err(AttachmentConfigError::new(
                "the route of the attachments is not valid: give a path without parameters, such as /attachments",
            ));
        }
        if route.is_empty() {
            return Err(AttachmentConfigError::new(
                "the attachments need a path of their own: add one to their URL, such as /attachments",
            ));
        }
        Ok((self, signer, route))
    }
}

impl<C> fmt::Debug for AttachmentOptions<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachmentOptions")
            .field("url", &self.url)
            .field("max_bytes", &self.max_bytes)
            .field("types", &self.types)
            .field("upload_method", &self.upload_method)
            .field("upload_lifetime", &self.upload_lifetime)
            .field("read_lifetime", &self.read_lifetime)
            .finish_non_exhaustive()
    }
}
