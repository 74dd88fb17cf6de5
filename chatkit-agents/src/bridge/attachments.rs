//! What a model gets of the files that users attach.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chatkit::attachments::BlobAttachmentStore;
use chatkit::store::StoreError;
use chatkit::types::Attachment;

use super::input::{ConvertError, ThreadItemConverter};
use crate::items::ContentPart;

const PDF: &str = "application/pdf";

/// The images that models read.
const IMAGES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// A converter that gives the model the files of a [`BlobAttachmentStore`], and leaves the rest to the defaults.
///
/// A file that the model cannot have, because it is deleted, too large or of a type that models do not read, becomes a note
/// that says so: a thread goes on without it.
///
/// A converter of your own passes its attachments on to it:
///
/// ```
/// use chatkit::types::Attachment;
/// use chatkit_agents::items::ContentPart;
/// use chatkit_agents::{AttachmentConverter, ConvertError, ThreadItemConverter};
///
/// struct User { id: String }
///
/// struct Converter {
///     attachments: AttachmentConverter<User>,
/// }
///
/// impl ThreadItemConverter for Converter {
///     async fn attachment_to_message_content(&self, attachment: &Attachment) -> Result<ContentPart, ConvertError> {
///         self.attachments.attachment_to_message_content(attachment).await
///     }
///     // and the methods that you have overridden
/// }
/// ```
pub struct AttachmentConverter<C> {
    files: BlobAttachmentStore<C>,
    by_url: bool,
    max_bytes: u64,
    max_text: usize,
}

impl<C: Send + Sync + 'static> AttachmentConverter<C> {
    /// Files go to the model with their bytes: images as `input_image` and PDF as `input_file`, both as base64, and whatever
    /// else is UTF-8 as `input_text`.
    ///
    /// It is what works with every endpoint, and with a server that nobody can reach. A file is read and sent again with
    /// each turn that has its message in the history.
    pub fn bytes(files: BlobAttachmentStore<C>) -> Self {
        Self {
            files,
            by_url: false,
            max_bytes: 20 * 1024 * 1024,
            max_text: 256 * 1024,
        }
    }

    /// Files go to the model as signed URLs, images as `input_image` and the rest as `input_file`: the endpoint fetches them.
    ///
    /// The URL of the attachments must be one that the endpoint can reach, and live long enough
    /// ([`read_lifetime`](chatkit::attachments::AttachmentOptions::read_lifetime)). Each turn has new URLs, so what comes
    /// after one is not found in the endpoint's prompt cache. Nothing is read, and no limit of this type applies.
    pub fn urls(files: BlobAttachmentStore<C>) -> Self {
        Self {
            by_url: true,
            ..Self::bytes(files)
        }
    }

    /// Sets how many bytes of a file are read at most; what has more becomes a note. The default is 20 MiB.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets how many bytes of a text go to the model; the rest is cut off, and the model is told. The default is 256 KiB.
    #[must_use]
    pub fn max_text(mut self, bytes: usize) -> Self {
        self.max_text = bytes;
        self
    }

    fn url(&self, attachment: &Attachment) -> Result<ContentPart, StoreError> {
        let url = self.files.download_url(attachment)?;
        Ok(if attachment.mime_type().starts_with("image/") {
            ContentPart::image_url(url.as_str())
        } else {
            ContentPart::file_url(url.as_str())
        })
    }

    async fn content(&self, attachment: &Attachment) -> Result<ContentPart, StoreError> {
        let (name, mime_type) = (attachment.name(), attachment.mime_type());
        let bytes = self.files.read(attachment, self.max_bytes).await?;
        Ok(if IMAGES.contains(&mime_type) {
            ContentPart::image_url(data_url(mime_type, &bytes))
        } else if mime_type == PDF {
            ContentPart::file(name, data_url(mime_type, &bytes))
        } else {
            match std::str::from_utf8(&bytes) {
                Ok(text) if !text.contains('\0') => self.text(name, text),
                _ => note(attachment, "models do not read files of this type"),
            }
        })
    }

    fn text(&self, name: &str, text: &str) -> ContentPart {
        let shown = &text[..text.floor_char_boundary(self.max_text)];
        let cut = match text.len() - shown.len() {
            0 => String::new(),
            rest => format!("\nThe file goes on for {rest} more bytes, which are left out."),
        };
        ContentPart::text(format!(
            "The user has attached the file {name:?}:\n<Attachment>\n{shown}\n</Attachment>{cut}"
        ))
    }
}

impl<C: Send + Sync + 'static> ThreadItemConverter for AttachmentConverter<C> {
    async fn attachment_to_message_content(
        &self,
        attachment: &Attachment,
    ) -> Result<ContentPart, ConvertError> {
        let content = if self.by_url {
            self.url(attachment)
        } else {
            self.content(attachment).await
        };
        match content {
            Ok(content) => Ok(content),
            Err(StoreError::NotFound { .. }) => Ok(note(attachment, "it is not there any more")),
            Err(StoreError::Invalid(reason)) => Ok(note(attachment, &reason)),
            Err(error) => Err(ConvertError::other(error)),
        }
    }
}

impl<C> Clone for AttachmentConverter<C> {
    fn clone(&self) -> Self {
        Self {
            files: self.files.clone(),
            ..*self
        }
    }
}

impl<C> fmt::Debug for AttachmentConverter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachmentConverter")
            .field("by_url", &self.by_url)
            .field("max_bytes", &self.max_bytes)
            .field("max_text", &self.max_text)
            .finish_non_exhaustive()
    }
}

fn note(attachment: &Attachment, reason: &str) -> ContentPart {
    let (name, mime_type) = (attachment.name(), attachment.mime_type());
    ContentPart::text(format!(
        "The user has attached the file {name:?} ({mime_type}), which you cannot see: {reason}."
    ))
}

fn data_url(mime_type: &str, bytes: &Bytes) -> String {
    let mut url = String::with_capacity(mime_type.len() + 16 + bytes.len().div_ceil(3) * 4);
    url.push_str("data:");
    url.push_str(mime_type);
    url.push_str(";base64,");
    STANDARD.encode_string(bytes, &mut url);
    url
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chatkit::attachments::AttachmentOptions;
    use chatkit::attachments::object_store::memory::InMemory;
    use chatkit::attachments::object_store::{ObjectStoreExt, PutPayload, path::Path};
    use chatkit::store::MemoryStore;
    use chatkit::types::{FileAttachment, UserMessageContent, UserMessageItem};
    use serde_json::{Value, json};

    use super::*;

    /// A store with these files, put where it keeps them.
    async fn files(files: &[(&str, &'static [u8])]) -> BlobAttachmentStore<()> {
        let bucket = Arc::new(InMemory::new());
        for (id, bytes) in files {
            let path = Path::from_iter(["files", id]);
            let bytes = PutPayload::from_static(bytes);
            bucket.put(&path, bytes).await.unwrap();
        }
        let options = AttachmentOptions::shared("https://chat.test/files", [7; 32]);
        let store = MemoryStore::new();
        options.open_bucket(bucket, store).await.unwrap()
    }

    async fn part(converter: &AttachmentConverter<()>, id: &str, mime_type: &str) -> Value {
        let attachment = FileAttachment::new(id, "a.b", mime_type).into();
        let part = converter.attachment_to_message_content(&attachment).await;
        serde_json::to_value(part.unwrap()).unwrap()
    }

    fn text(part: &Value) -> &str {
        assert_eq!(part["type"], "input_text", "{part}");
        part["text"].as_str().unwrap()
    }

    #[tokio::test]
    async fn bytes_go_in_the_form_of_their_kind() {
        let bytes: [(&str, &[u8]); 4] = [
            ("png", b"\x89PNG"),
            ("pdf", b"%PDF"),
            ("txt", "Grüße".as_bytes()),
            ("bin", b"\xff\0"),
        ];
        let files = files(&bytes).await;
        let converter = AttachmentConverter::bytes(files);
        assert_eq!(
            part(&converter, "png", "image/png").await,
            json!({"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,iVBORw=="})
        );
        assert_eq!(
            part(&converter, "pdf", "application/pdf").await,
            json!({"type": "input_file", "filename": "a.b", "file_data": "data:application/pdf;base64,JVBERg=="})
        );
        let csv = part(&converter, "txt", "text/csv").await;
        assert_eq!(
            text(&csv),
            "The user has attached the file \"a.b\":\n<Attachment>\nGrüße\n</Attachment>"
        );
        for (id, mime_type, reason) in [
            ("bin", "application/zip", "models do not read"),
            ("gone", "image/png", "it is not there any more"),
            ("../x", "image/png", "it is not there any more"),
        ] {
            let part = part(&converter, id, mime_type).await;
            assert!(
                text(&part).contains(mime_type) && text(&part).contains(reason),
                "{part}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_too_much_is_left_out_and_said() {
        let files = files(&[("txt", "aäb".as_bytes()), ("png", b"\x89PNG")]).await;
        let converter = AttachmentConverter::bytes(files).max_bytes(4).max_text(2);
        let cut = part(&converter, "txt", "text/plain").await;
        assert!(text(&cut).contains(">\na\n<"), "{cut}");
        assert!(
            text(&cut).ends_with("3 more bytes, which are left out."),
            "{cut}"
        );
        assert_eq!(
            part(&converter, "png", "image/png").await["type"],
            "input_image"
        );
        let large = part(&converter.max_bytes(3), "png", "image/png").await;
        assert!(text(&large).contains("larger than 3 bytes"), "{large}");
    }

    #[tokio::test]
    async fn urls_are_those_of_downloads() {
        let converter = AttachmentConverter::urls(files(&[]).await);
        let image = part(&converter, "png", "image/png").await;
        let url = image["image_url"].as_str().unwrap();
        assert!(
            url.starts_with("https://chat.test/files/png?expires="),
            "{url}"
        );
        let file = part(&converter, "pdf", "application/pdf").await;
        assert_eq!(file["type"], "input_file");
        assert!(
            file["file_url"].as_str().unwrap().contains("&signature="),
            "{file}"
        );
    }

    #[tokio::test]
    async fn it_is_a_converter_of_whole_threads() {
        let converter = AttachmentConverter::bytes(files(&[("txt", b"text")]).await);
        let content = vec![UserMessageContent::text("Look.")];
        let mut message = UserMessageItem::new("msg_1", "thr_1", content);
        let attachment = FileAttachment::new("txt", "a.txt", "text/plain");
        message.attachments.push(attachment.into());
        let input = converter.to_agent_input(&[message.into()]).await.unwrap();
        let input = serde_json::to_value(input).unwrap();
        assert_eq!(input[0]["content"][0]["text"], "Look.");
        assert!(text(&input[0]["content"][1]).contains("a.txt"), "{input}");
    }
}
