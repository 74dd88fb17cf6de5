//! Making images at the provider.

use serde_json::{Value, json};

use super::HostedTool;

/// Lets the model make and edit images.
///
/// Texts are those of the API, so that what is newer than this crate can be chosen too.
///
/// ```
/// use chatkit_agents::tool::ImageGenerationTool;
///
/// let images = ImageGenerationTool::new().size("1024x1536").quality("high").partial_images(2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ImageGenerationTool(pub(super) HostedTool);

impl ImageGenerationTool {
    /// The tool, with the API's choices.
    pub fn new() -> Self {
        Self(HostedTool::of_type("image_generation"))
    }

    fn option(self, name: &str, value: impl Into<Value>) -> Self {
        Self(self.0.option(name, value))
    }

    /// Sets whether images are made or edited: `generate`, `edit` or `auto`.
    #[must_use]
    pub fn action(self, action: impl Into<String>) -> Self {
        self.option("action", action.into())
    }

    /// Sets the background: `transparent`, `opaque` or `auto`.
    #[must_use]
    pub fn background(self, background: impl Into<String>) -> Self {
        self.option("background", background.into())
    }

    /// Sets how closely an edited image follows its original: `high` or `low`.
    #[must_use]
    pub fn input_fidelity(self, fidelity: impl Into<String>) -> Self {
        self.option("input_fidelity", fidelity.into())
    }

    /// Sets the mask of an edit: the id of an uploaded file.
    #[must_use]
    pub fn input_image_mask(self, file_id: impl Into<String>) -> Self {
        self.option("input_image_mask", json!({"file_id": file_id.into()}))
    }

    /// Sets the model that makes the images.
    #[must_use]
    pub fn model(self, model: impl Into<String>) -> Self {
        self.option("model", model.into())
    }

    /// Sets how strictly images are moderated: `auto` or `low`.
    #[must_use]
    pub fn moderation(self, moderation: impl Into<String>) -> Self {
        self.option("moderation", moderation.into())
    }

    /// Sets the compression, in per cent.
    #[must_use]
    pub fn output_compression(self, percent: u8) -> Self {
        self.option("output_compression", percent)
    }

    /// Sets the format: `png`, `webp` or `jpeg`.
    #[must_use]
    pub fn output_format(self, format: impl Into<String>) -> Self {
        self.option("output_format", format.into())
    }

    /// Sets how many unfinished images are streamed: 0 to 3.
    #[must_use]
    pub fn partial_images(self, count: u8) -> Self {
        self.option("partial_images", count)
    }

    /// Sets the quality: `low`, `medium`, `high` or `auto`.
    #[must_use]
    pub fn quality(self, quality: impl Into<String>) -> Self {
        self.option("quality", quality.into())
    }

    /// Sets the size, in pixels: `1024x1024` for example, or `auto`.
    #[must_use]
    pub fn size(self, size: impl Into<String>) -> Self {
        self.option("size", size.into())
    }
}

impl Default for ImageGenerationTool {
    fn default() -> Self {
        Self::new()
    }
}
