//! Making images at the provider.

use serde_json::{Value, json};

use super::HostedTool;
use crate::model::open_enum;

/// Lets the model make and edit images.
///
/// ```
/// use chatkit_agents::tool::{ImageGenerationTool, ImageQuality};
///
/// let images = ImageGenerationTool::new().size("1024x1536").quality(ImageQuality::High).partial_images(2);
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

    /// Sets whether images are made or edited.
    #[must_use]
    pub fn action(self, action: impl Into<ImageAction>) -> Self {
        self.option("action", action.into().as_str())
    }

    /// Sets the background.
    #[must_use]
    pub fn background(self, background: impl Into<ImageBackground>) -> Self {
        self.option("background", background.into().as_str())
    }

    /// Sets how closely an edited image follows its original.
    #[must_use]
    pub fn input_fidelity(self, fidelity: impl Into<ImageInputFidelity>) -> Self {
        self.option("input_fidelity", fidelity.into().as_str())
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

    /// Sets how strictly images are moderated.
    #[must_use]
    pub fn moderation(self, moderation: impl Into<ImageModeration>) -> Self {
        self.option("moderation", moderation.into().as_str())
    }

    /// Sets the compression, in per cent.
    #[must_use]
    pub fn output_compression(self, percent: u8) -> Self {
        self.option("output_compression", percent)
    }

    /// Sets the format.
    #[must_use]
    pub fn output_format(self, format: impl Into<ImageFormat>) -> Self {
        self.option("output_format", format.into().as_str())
    }

    /// Sets how many unfinished images are streamed: 0 to 3.
    #[must_use]
    pub fn partial_images(self, count: u8) -> Self {
        self.option("partial_images", count)
    }

    /// Sets the quality.
    #[must_use]
    pub fn quality(self, quality: impl Into<ImageQuality>) -> Self {
        self.option("quality", quality.into().as_str())
    }

    /// Sets the size, in pixels: `1024x1024` for example, or `auto`. A text, since models differ in what they take.
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

open_enum! {
    /// Whether images are made or edited.
    ImageAction {
        /// New images are made.
        Generate = "generate",
        /// Images of the conversation are edited.
        Edit = "edit",
        /// The model decides.
        Auto = "auto",
    }
}

open_enum! {
    /// The background of an image.
    ImageBackground {
        /// There is none; the format has to be able to say so.
        Transparent = "transparent",
        /// There is one.
        Opaque = "opaque",
        /// The model decides.
        Auto = "auto",
    }
}

open_enum! {
    /// How closely an edited image follows its original, faces above all.
    ImageInputFidelity {
        /// Closely.
        High = "high",
        /// Less so.
        Low = "low",
    }
}

open_enum! {
    /// How strictly images are moderated.
    ImageModeration {
        /// As usual.
        Auto = "auto",
        /// Less strictly.
        Low = "low",
    }
}

open_enum! {
    /// The format of an image.
    ImageFormat {
        /// PNG.
        Png = "png",
        /// WebP.
        Webp = "webp",
        /// JPEG.
        Jpeg = "jpeg",
    }
}

open_enum! {
    /// The quality of an image.
    ImageQuality {
        /// Low: the cheapest.
        Low = "low",
        /// Medium.
        Medium = "medium",
        /// High.
        High = "high",
        /// The model decides.
        Auto = "auto",
    }
}
