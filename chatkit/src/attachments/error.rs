//! Why a file is not taken, or not given.

use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;

use crate::BoxError;
use crate::store::StoreError;

/// Why an upload or a download failed. `Display` is what the client may see.
#[derive(Debug)]
pub(super) enum UploadError {
    /// There is no such attachment for this caller.
    NotFound,
    /// The signature is not that of this URL.
    BadSignature,
    /// The signed URL was good once.
    Expired,
    /// The bytes are there already, or are just coming.
    Used,
    /// More bytes than allowed, or than announced.
    TooLarge { most: u64 },
    /// Fewer bytes than announced.
    TooSmall { announced: u64 },
    /// A type that is not taken.
    TypeNotAllowed,
    /// Bytes that are not what they are said to be.
    WrongType,
    /// Anything else about the request.
    Invalid(&'static str),
    /// The body ended before the file did.
    Incomplete,
    /// Nothing came for too long.
    Stalled,
    /// The body could not be read.
    Body(BoxError),
    /// The store, or the place of the bytes, failed.
    Store(StoreError),
    /// The same in a download.
    Unreadable(StoreError),
}

impl UploadError {
    /// What failed while nothing was to be stored.
    pub(super) fn in_download(self) -> Self {
        match self {
            Self::Store(cause) => Self::Unreadable(cause),
            refused => refused,
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::BadSignature | Self::Expired => StatusCode::FORBIDDEN,
            Self::Stalled => StatusCode::REQUEST_TIMEOUT,
            Self::Used => StatusCode::CONFLICT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TypeNotAllowed | Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooSmall { .. } | Self::Invalid(_) | Self::Incomplete | Self::Body(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::Store(_) | Self::Unreadable(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("attachment not found"),
            Self::BadSignature => f.write_str("this link is not valid"),
            Self::Expired => f.write_str("this link has expired"),
            Self::Used => f.write_str("this file has been uploaded already"),
            Self::TooLarge { most } => write!(f, "the file is larger than {}", Bytes(*most)),
            Self::TooSmall { announced } => {
                write!(
                    f,
                    "the file is smaller than the announced {}",
                    Bytes(*announced)
                )
            }
            Self::TypeNotAllowed => f.write_str("files of this type are not accepted"),
            Self::WrongType => f.write_str("the file is not of the type that it is said to be"),
            Self::Invalid(reason) => f.write_str(reason),
            Self::Incomplete => f.write_str("the upload ended early"),
            Self::Stalled => f.write_str("the upload came to a halt"),
            Self::Body(_) => f.write_str("the upload could not be read"),
            Self::Store(_) => f.write_str("the file could not be stored"),
            Self::Unreadable(_) => f.write_str("the file could not be read"),
        }
    }
}

impl StdError for UploadError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Body(cause) => Some(&**cause),
            Self::Store(cause) | Self::Unreadable(cause) => Some(cause),
            _ => None,
        }
    }
}

impl From<StoreError> for UploadError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. } => Self::NotFound,
            error => Self::Store(error),
        }
    }
}

/// For those who ask through the protocol.
impl From<UploadError> for StoreError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Store(error) | UploadError::Unreadable(error) => error,
            refused => Self::Invalid(refused.to_string().into()),
        }
    }
}

impl From<object_store::Error> for UploadError {
    fn from(error: object_store::Error) -> Self {
        store_error(error).into()
    }
}

/// The failure of a place for bytes as that of a store.
pub(super) fn store_error(error: object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::not_found("attachment", ""),
        error => StoreError::other(error),
    }
}

/// A size as people read it.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIB: u64 = 1024 * 1024;
        match self.0 {
            bytes if bytes >= MIB && bytes.is_multiple_of(MIB) => write!(f, "{} MB", bytes / MIB),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}

/// The attachments cannot be used as they are configured. The text says what to do.
#[derive(Debug)]
pub struct AttachmentConfigError {
    message: String,
    source: Option<BoxError>,
}

impl AttachmentConfigError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    pub(super) fn caused_by(mut self, cause: impl Into<BoxError>) -> Self {
        self.source = Some(cause.into());
        self
    }
}

impl fmt::Display for AttachmentConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for AttachmentConfigError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
