//! What assistant text refers to.

use serde::{Deserialize, Serialize};

use super::{IconName, JsonObject};

/// Something a citation points at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// A web page.
    Url(UrlSource),
    /// A file.
    File(FileSource),
    /// A thing of the application.
    Entity(EntitySource),
}

/// A web page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UrlSource {
    /// The page's title.
    pub title: String,
    /// Its address.
    pub url: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was published, in words or as a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Sources of one group are shown together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whom to credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
}

impl UrlSource {
    /// A page by address and title.
    pub fn new(url: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            url: url.into(),
            description: None,
            timestamp: None,
            group: None,
            attribution: None,
        }
    }

    /// Sets what it is about.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the date, in words or as a date.
    pub fn timestamp(mut self, timestamp: impl Into<String>) -> Self {
        self.timestamp = Some(timestamp.into());
        self
    }

    /// Sets the group that it is shown in.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Sets whom to credit.
    pub fn attribution(mut self, attribution: impl Into<String>) -> Self {
        self.attribution = Some(attribution.into());
        self
    }
}

/// A file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileSource {
    /// The title shown.
    pub title: String,
    /// The file's name.
    pub filename: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was written, in words or as a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Sources of one group are shown together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

impl FileSource {
    /// A file by name and title.
    pub fn new(filename: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            filename: filename.into(),
            description: None,
            timestamp: None,
            group: None,
        }
    }

    /// Sets what it is about.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the date, in words or as a date.
    pub fn timestamp(mut self, timestamp: impl Into<String>) -> Self {
        self.timestamp = Some(timestamp.into());
        self
    }

    /// Sets the group that it is shown in.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }
}

/// A thing of the application: an order, a person, a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EntitySource {
    /// The title shown.
    pub title: String,
    /// The application's id of the thing.
    pub id: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A date, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Sources of one group are shown together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The icon shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<IconName>,
    /// Shown beside the icon in the default hover card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Shown inside the text instead of the icon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline_label: Option<String>,
    /// Whether the client's callbacks are wired to it.
    #[serde(default)]
    pub interactive: bool,
    /// Handed to the client's callbacks.
    #[serde(default, deserialize_with = "super::null_as_default")]
    pub data: JsonObject,
    /// No longer used by the client; kept so that what was stored comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

impl EntitySource {
    /// A thing by id and title.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            id: id.into(),
            description: None,
            timestamp: None,
            group: None,
            icon: None,
            label: None,
            inline_label: None,
            interactive: false,
            data: JsonObject::new(),
            preview: None,
        }
    }

    /// Sets what it is about.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the date, in words or as a date.
    pub fn timestamp(mut self, timestamp: impl Into<String>) -> Self {
        self.timestamp = Some(timestamp.into());
        self
    }

    /// Sets the group that it is shown in.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Sets the icon.
    pub fn icon(mut self, icon: IconName) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Sets the text beside the icon in the default hover card.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the text that is shown inside the answer instead of the icon.
    pub fn inline_label(mut self, label: impl Into<String>) -> Self {
        self.inline_label = Some(label.into());
        self
    }

    /// Sets whether the client's callbacks are wired to it.
    pub fn interactive(mut self, interactive: bool) -> Self {
        self.interactive = interactive;
        self
    }

    /// Sets what the client's callbacks are handed.
    pub fn data(mut self, data: JsonObject) -> Self {
        self.data = data;
        self
    }
}

/// A reference from assistant text to a source.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "annotation")]
#[non_exhaustive]
pub struct Annotation {
    /// What is referred to.
    pub source: Source,
    /// Where in the text, counted in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
}

impl Annotation {
    /// A reference to `source` from no particular place.
    pub fn new(source: impl Into<Source>) -> Self {
        Self {
            source: source.into(),
            index: None,
        }
    }

    /// Sets where in the text the reference stands, counted in characters.
    pub fn index(mut self, index: impl Into<Option<i64>>) -> Self {
        self.index = index.into();
        self
    }
}

impl From<UrlSource> for Source {
    fn from(source: UrlSource) -> Self {
        Self::Url(source)
    }
}

impl From<FileSource> for Source {
    fn from(source: FileSource) -> Self {
        Self::File(source)
    }
}

impl From<EntitySource> for Source {
    fn from(source: EntitySource) -> Self {
        Self::Entity(source)
    }
}

// The `type` of an annotation is written always and may be missing when read.
impl<'de> Deserialize<'de> for Annotation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            source: Source,
            #[serde(default)]
            index: Option<i64>,
        }
        let Fields { source, index } = Fields::deserialize(deserializer)?;
        Ok(Self { source, index })
    }
}
