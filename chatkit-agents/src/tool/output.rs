//! What a tool returns, and what the model reads of it.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::error::ToolError;
use crate::items::{ContentPart, FunctionOutput};

/// The result of a tool.
///
/// Tools return any type that is [`IntoToolOutput`]. Structured results are sent as JSON.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ToolOutput {
    /// A text, sent as it is.
    Text(String),
    /// A structured result, sent as compact JSON text.
    Json(Value),
    /// Text, images and files.
    Parts(Vec<ContentPart>),
}

impl ToolOutput {
    /// The value for `output` of a `function_call_output` item of the Responses API: a string, or an
    /// array of `input_text`, `input_image` and `input_file` parts.
    pub fn to_wire(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Json(value) => Value::String(value.to_string()),
            Self::Parts(parts) => serde_json::to_value(parts).unwrap_or_default(),
        }
    }
}

impl From<ToolOutput> for FunctionOutput {
    fn from(output: ToolOutput) -> Self {
        match output {
            ToolOutput::Text(text) => Self::Text(text),
            ToolOutput::Json(value) => Self::Text(value.to_string()),
            ToolOutput::Parts(parts) => Self::Parts(parts),
        }
    }
}

/// A text as a part of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolOutputText {
    /// What the model reads.
    pub text: String,
}

impl ToolOutputText {
    /// A text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

/// An image, by address or by the id of an uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolOutputImage {
    /// The address: `https:`, or `data:` with the image itself.
    pub image_url: Option<String>,
    /// The id of a file that was uploaded to the provider.
    pub file_id: Option<String>,
    /// How closely the model looks.
    pub detail: Option<ImageDetail>,
}

impl ToolOutputImage {
    /// The image at an address, which may be a `data:` URL.
    pub fn from_url(image_url: impl Into<String>) -> Self {
        Self {
            image_url: Some(image_url.into()),
            file_id: None,
            detail: None,
        }
    }

    /// The image in a file that was uploaded to the provider.
    pub fn from_file_id(file_id: impl Into<String>) -> Self {
        Self {
            image_url: None,
            file_id: Some(file_id.into()),
            detail: None,
        }
    }

    /// Sets how closely the model looks.
    #[must_use]
    pub fn detail(mut self, detail: ImageDetail) -> Self {
        self.detail = Some(detail);
        self
    }
}

/// How closely the model looks at an image. The provider's default is `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageDetail {
    /// Coarse and cheap.
    Low,
    /// Fine and dear.
    High,
    /// As the provider decides.
    Auto,
}

impl ImageDetail {
    fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
            Self::Auto => "auto",
        }
    }
}

/// A file: its content, its address, or the id of an uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolOutputFileContent {
    /// The content, in base64.
    pub file_data: Option<String>,
    /// The address.
    pub file_url: Option<String>,
    /// The id of a file that was uploaded to the provider.
    pub file_id: Option<String>,
    /// The name, which goes with the content.
    pub filename: Option<String>,
}

impl ToolOutputFileContent {
    const EMPTY: Self = Self {
        file_data: None,
        file_url: None,
        file_id: None,
        filename: None,
    };

    /// A file with this content, in base64.
    pub fn from_data(file_data: impl Into<String>) -> Self {
        Self {
            file_data: Some(file_data.into()),
            ..Self::EMPTY
        }
    }

    /// The file at an address.
    pub fn from_url(file_url: impl Into<String>) -> Self {
        Self {
            file_url: Some(file_url.into()),
            ..Self::EMPTY
        }
    }

    /// A file that was uploaded to the provider.
    pub fn from_file_id(file_id: impl Into<String>) -> Self {
        Self {
            file_id: Some(file_id.into()),
            ..Self::EMPTY
        }
    }

    /// Sets the name.
    #[must_use]
    pub fn filename(mut self, filename: impl Into<String>) -> Self {
        self.filename = Some(filename.into());
        self
    }
}

/// A structured result: any [`Serialize`] type, sent to the model as JSON.
///
/// ```
/// use chatkit_agents::tool::{IntoToolOutput, Json};
/// use serde_json::json;
///
/// #[derive(serde::Serialize)]
/// struct Forecast {
///     celsius: i32,
/// }
///
/// let output = Json(Forecast { celsius: 21 }).into_tool_output().unwrap();
/// assert_eq!(output.to_wire(), json!(r#"{"celsius":21}"#));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// What a tool may return.
///
/// | type | what the model reads |
/// |---|---|
/// | `String`, `&str`, `Cow<str>` | the text |
/// | [`Json<T>`], `serde_json::Value`, numbers, `bool` | JSON |
/// | `()`, and `None` of an `Option<T>` | `null` |
/// | [`ToolOutputText`], [`ToolOutputImage`], [`ToolOutputFileContent`], [`ContentPart`], and a `Vec` of one of them | the parts |
/// | `Result<T, E>`, where `E` converts into [`ToolError`] | the value, or the text of the error |
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a tool",
    label = "not a tool output",
    note = "return `Json(value)` for a type that implements `Serialize`",
    note = "or return text: `String`, `&str`; parts: `ToolOutputImage`, `Vec<ContentPart>`; \
            or a `Result<_, E>` of these, where `E` implements `std::error::Error`"
)]
pub trait IntoToolOutput {
    /// Converts the value that a tool returned.
    ///
    /// # Errors
    ///
    /// The error of a `Result`, or of a [`Json`] value that cannot be JSON.
    fn into_tool_output(self) -> Result<ToolOutput, ToolError>;
}

// No impl is recommended: the notes above say what to return, while the compiler would list eight of the impls, and
// which eight changes with the directory of the build.
#[diagnostic::do_not_recommend]
impl IntoToolOutput for ToolOutput {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoToolOutput for String {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::Text(self))
    }
}

#[diagnostic::do_not_recommend]
impl IntoToolOutput for &str {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::Text(self.to_owned()))
    }
}

#[diagnostic::do_not_recommend]
impl IntoToolOutput for Cow<'_, str> {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::Text(self.into_owned()))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> IntoToolOutput for Json<T> {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::Json(serde_json::to_value(self.0)?))
    }
}

macro_rules! json_output {
    ($($type:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl IntoToolOutput for $type {
            fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
                Ok(ToolOutput::Json(Value::from(self)))
            }
        }
    )*};
}

json_output!(() Value bool u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64);

impl From<ToolOutputText> for ContentPart {
    fn from(part: ToolOutputText) -> Self {
        Self::text(part.text)
    }
}

impl From<ToolOutputImage> for ContentPart {
    fn from(part: ToolOutputImage) -> Self {
        Self::with_fields(&[
            ("type", Some("input_image")),
            ("image_url", part.image_url.as_deref()),
            ("file_id", part.file_id.as_deref()),
            ("detail", part.detail.map(ImageDetail::as_str)),
        ])
    }
}

impl From<ToolOutputFileContent> for ContentPart {
    fn from(part: ToolOutputFileContent) -> Self {
        Self::with_fields(&[
            ("type", Some("input_file")),
            ("file_data", part.file_data.as_deref()),
            ("file_url", part.file_url.as_deref()),
            ("file_id", part.file_id.as_deref()),
            ("filename", part.filename.as_deref()),
        ])
    }
}

#[diagnostic::do_not_recommend]
impl IntoToolOutput for ContentPart {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::Parts(vec![self]))
    }
}

#[diagnostic::do_not_recommend]
impl IntoToolOutput for Vec<ContentPart> {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        if self.is_empty() {
            // The API refuses an empty list of parts.
            return Ok(ToolOutput::Json(Value::Array(Vec::new())));
        }
        Ok(ToolOutput::Parts(self))
    }
}

// Not for all that converts into a part: a list of texts is more likely meant as JSON.
macro_rules! part_output {
    ($($type:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl IntoToolOutput for $type {
            fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
                ContentPart::from(self).into_tool_output()
            }
        }

        #[diagnostic::do_not_recommend]
        impl IntoToolOutput for Vec<$type> {
            fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
                let parts: Vec<_> = self.into_iter().map(ContentPart::from).collect();
                parts.into_tool_output()
            }
        }
    )*};
}

part_output!(ToolOutputText ToolOutputImage ToolOutputFileContent);

#[diagnostic::do_not_recommend]
impl<T: IntoToolOutput> IntoToolOutput for Option<T> {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        match self {
            Some(value) => value.into_tool_output(),
            None => Ok(ToolOutput::Json(Value::Null)),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoToolOutput, E: Into<ToolError>> IntoToolOutput for Result<T, E> {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        self.map_err(Into::into)?.into_tool_output()
    }
}
