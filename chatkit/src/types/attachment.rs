//! Files that users attach.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::JsonObject;

/// The record of an attached file; its bytes are elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Attachment {
    /// Any file.
    File(FileAttachment),
    /// An image with a preview.
    Image(ImageAttachment),
}

macro_rules! attachment {
    ($(#[$doc:meta])* $name:ident => $variant:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            /// The attachment's id.
            pub id: String,
            /// The file's name.
            pub name: String,
            /// The file's type.
            pub mime_type: String,
            /// Where the client uploads the bytes. `None` once they are there.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub upload_descriptor: Option<AttachmentUploadDescriptor>,
            /// The thread it was sent in; set when the message that carries it is stored.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub thread_id: Option<String>,
            /// Your own data. It is stored, and never sent to the client.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub metadata: Option<JsonObject>,
            $($(#[$fdoc])* pub $field: $ty,)*
        }

        impl $name {
            /// The record of a file.
            pub fn new(
                id: impl Into<String>,
                name: impl Into<String>,
                mime_type: impl Into<String>,
                $($field: impl Into<$ty>,)*
            ) -> Self {
                Self {
                    id: id.into(),
                    name: name.into(),
                    mime_type: mime_type.into(),
                    upload_descriptor: None,
                    thread_id: None,
                    metadata: None,
                    $($field: $field.into(),)*
                }
            }

            /// Sets where the client uploads the bytes.
            #[must_use]
            pub fn upload_descriptor(mut self, descriptor: AttachmentUploadDescriptor) -> Self {
                self.upload_descriptor = Some(descriptor);
                self
            }

            /// Sets your own data, which the client never sees.
            #[must_use]
            pub fn metadata(mut self, metadata: JsonObject) -> Self {
                self.metadata = Some(metadata);
                self
            }
        }

        impl From<$name> for Attachment {
            fn from(attachment: $name) -> Self {
                Self::$variant(attachment)
            }
        }
    };
}

attachment! {
    /// Any file.
    FileAttachment => File {}
}

attachment! {
    /// An image.
    ImageAttachment => Image {
        /// Where the client gets a picture to show.
        preview_url: PreviewUrl,
    }
}

macro_rules! field {
    ($self:ident.$field:ident) => {
        match $self {
            Self::File(attachment) => &attachment.$field,
            Self::Image(attachment) => &attachment.$field,
        }
    };
    (mut $self:ident.$field:ident) => {
        match $self {
            Self::File(attachment) => &mut attachment.$field,
            Self::Image(attachment) => &mut attachment.$field,
        }
    };
}

impl Attachment {
    /// The attachment's id.
    pub fn id(&self) -> &str {
        field!(self.id)
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        field!(self.name)
    }

    /// The file's type.
    pub fn mime_type(&self) -> &str {
        field!(self.mime_type)
    }

    /// The thread it was sent in.
    pub fn thread_id(&self) -> Option<&str> {
        field!(self.thread_id).as_deref()
    }

    /// Your own data.
    pub fn metadata(&self) -> Option<&JsonObject> {
        field!(self.metadata).as_ref()
    }

    /// Where the client uploads the bytes.
    pub fn upload_descriptor(&self) -> Option<&AttachmentUploadDescriptor> {
        field!(self.upload_descriptor).as_ref()
    }

    /// Sets where the client uploads the bytes.
    pub fn set_upload_descriptor(&mut self, descriptor: AttachmentUploadDescriptor) {
        *field!(mut self.upload_descriptor) = Some(descriptor);
    }

    /// Marks the bytes as uploaded: there is no place to upload them to any more.
    pub fn set_uploaded(&mut self) {
        *field!(mut self.upload_descriptor) = None;
    }

    /// Binds it to the thread it is sent in.
    pub fn set_thread_id(&mut self, thread_id: impl Into<String>) {
        *field!(mut self.thread_id) = Some(thread_id.into());
    }

    /// Takes out what the client must not see. An upload route of your own calls this before it answers.
    pub fn hide_metadata(&mut self) {
        *field!(mut self.metadata) = None;
    }
}

/// How the client uploads the bytes of an attachment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AttachmentUploadDescriptor {
    /// Where to.
    pub url: Url,
    /// How.
    pub method: UploadMethod,
    /// Headers to send along.
    #[serde(default, deserialize_with = "super::null_as_default")]
    pub headers: BTreeMap<String, String>,
}

impl AttachmentUploadDescriptor {
    /// An upload without further headers.
    pub fn new(url: Url, method: UploadMethod) -> Self {
        Self {
            url,
            method,
            headers: BTreeMap::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }
}

/// Where the client gets a picture of an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PreviewUrl {
    /// At this URL, which must work for as long as the message is shown. The client sends no sign-in along.
    Url(Url),
    /// The client asks for a URL each time it needs one, by `attachments.get_preview`. On the wire this is `"lazy"`, which
    /// the official client knows and the Python SDK does not.
    Lazy,
}

const LAZY: &str = "lazy";

impl From<Url> for PreviewUrl {
    fn from(url: Url) -> Self {
        Self::Url(url)
    }
}

impl Serialize for PreviewUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Url(url) => url.serialize(serializer),
            Self::Lazy => serializer.serialize_str(LAZY),
        }
    }
}

impl<'de> Deserialize<'de> for PreviewUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            LAZY => Ok(Self::Lazy),
            url => Url::parse(url).map(Self::Url).map_err(D::Error::custom),
        }
    }
}

/// The answer to `attachments.get_preview`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AttachmentPreview {
    /// Where the client gets the picture now.
    pub url: Url,
}

impl AttachmentPreview {
    /// A picture at `url`.
    pub fn new(url: Url) -> Self {
        Self { url }
    }
}

/// The method of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum UploadMethod {
    /// A multipart form with the file in the field `file`.
    Post,
    /// The bytes as they are.
    Put,
}

/// An absolute URL, kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url(String);

impl Url {
    /// Checks that `url` is absolute: a scheme, a colon and something behind it, without white space.
    pub fn parse(url: impl Into<String>) -> Result<Self, InvalidUrl> {
        let url = url.into();
        let valid = url.split_once(':').is_some_and(|(scheme, rest)| {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
                && !rest.trim_start_matches('/').is_empty()
        });
        if valid && !url.contains(char::is_whitespace) {
            Ok(Self(url))
        } else {
            Err(InvalidUrl)
        }
    }

    /// The URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not an absolute URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidUrl;

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an absolute URL")
    }
}

impl std::error::Error for InvalidUrl {}

impl FromStr for Url {
    type Err = InvalidUrl;

    fn from_str(url: &str) -> Result<Self, InvalidUrl> {
        Self::parse(url)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
