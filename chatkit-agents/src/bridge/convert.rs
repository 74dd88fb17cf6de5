//! How what a model produces becomes what a thread shows.

use std::future::Future;

use chatkit::BoxError;
use chatkit::types::{Annotation, FileSource, UrlSource};

use crate::items::{ContainerFileCitation, FileCitation, RawItem, UrlCitation, data_url};

/// Turns parts of a model's stream into parts of a thread; every method has a default.
///
/// Override [`base64_image_to_url`](Self::base64_image_to_url) to store generated images instead of keeping them in the
/// thread, and the citation methods to point at sources of your own.
pub trait ResponseStreamConverter: Send + Sync {
    /// How many partial images the model was asked for, for the progress shown. `None` shows none.
    fn partial_images(&self) -> Option<u32> {
        None
    }

    /// A URL for an image of the model: a partial one if there is an index (from 0), else the finished one.
    ///
    /// The default is a `data:` URL that holds the image.
    fn base64_image_to_url(
        &self,
        image_id: &str,
        base64_image: &str,
        partial_image_index: Option<u64>,
    ) -> impl Future<Output = Result<String, BoxError>> + Send {
        let _ = (image_id, partial_image_index);
        let url = data_url("image/png", base64_image);
        async move { Ok(url) }
    }

    /// How far an image is, from 0 to 1, when the partial image with this index (from 0) has come.
    fn partial_image_index_to_progress(&self, partial_image_index: u64) -> f64 {
        match self.partial_images() {
            Some(expected) if expected > 0 => {
                (partial_image_index as f64 / f64::from(expected)).min(1.0)
            }
            _ => 0.0,
        }
    }

    /// The annotation for a citation of a file; `None` shows none.
    fn file_citation_to_annotation(
        &self,
        citation: &FileCitation,
    ) -> impl Future<Output = Result<Option<Annotation>, BoxError>> + Send {
        let annotation = file_annotation(citation.filename.as_deref(), citation.index);
        async move { Ok(annotation) }
    }

    /// The annotation for a citation of a file that code of the model has written; `None` shows none.
    fn container_file_citation_to_annotation(
        &self,
        citation: &ContainerFileCitation,
    ) -> impl Future<Output = Result<Option<Annotation>, BoxError>> + Send {
        let annotation = file_annotation(citation.filename.as_deref(), citation.end_index);
        async move { Ok(annotation) }
    }

    /// The annotation for a citation of a web page; `None` shows none.
    fn url_citation_to_annotation(
        &self,
        citation: &UrlCitation,
    ) -> impl Future<Output = Result<Option<Annotation>, BoxError>> + Send {
        let source = UrlSource::new(
            citation.url.clone(),
            citation.title.clone().unwrap_or_default(),
        );
        let annotation = Annotation::new(source).index(position(citation.end_index));
        async move { Ok(Some(annotation)) }
    }

    /// The annotation for a citation of a kind that this version does not know, as the endpoint sent it. The default
    /// shows none.
    fn other_annotation_to_annotation(
        &self,
        citation: &RawItem,
    ) -> impl Future<Output = Result<Option<Annotation>, BoxError>> + Send {
        let _ = citation;
        async { Ok(None) }
    }
}

fn file_annotation(filename: Option<&str>, index: Option<u64>) -> Option<Annotation> {
    let filename = filename.filter(|name| !name.is_empty())?;
    Some(Annotation::new(FileSource::new(filename, filename)).index(position(index)))
}

fn position(index: Option<u64>) -> Option<i64> {
    index.and_then(|index| i64::try_from(index).ok())
}

/// The converter with all defaults.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultResponseStreamConverter {
    partial_images: Option<u32>,
}

impl DefaultResponseStreamConverter {
    /// A converter that knows no number of partial images.
    pub const fn new() -> Self {
        Self {
            partial_images: None,
        }
    }

    /// Sets how many partial images the model was asked for.
    #[must_use]
    pub fn partial_images(mut self, count: u32) -> Self {
        self.partial_images = Some(count);
        self
    }
}

impl ResponseStreamConverter for DefaultResponseStreamConverter {
    fn partial_images(&self) -> Option<u32> {
        self.partial_images
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_images_tell_how_far_an_image_is() {
        let unknown = DefaultResponseStreamConverter::new();
        assert_eq!(unknown.partial_image_index_to_progress(1), 0.0);
        let converter = unknown.partial_images(2);
        let progress = |index| converter.partial_image_index_to_progress(index);
        assert_eq!([progress(0), progress(1), progress(9)], [0.0, 0.5, 1.0]);
    }
}
