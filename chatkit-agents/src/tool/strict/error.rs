//! Why a schema cannot be made strict.

use std::fmt;

use super::{MAX_DEPTH, MAX_NODES};

/// Why a schema cannot be made strict.
///
/// `Display` says what is wrong and where, as a JSON pointer into the schema, and names the tool when it is the schema of
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    problem: Problem,
    path: Vec<String>,
    /// What the schema is of.
    owner: Option<String>,
}

impl SchemaError {
    /// `path` is the keys from the root to the culprit.
    pub(super) fn at(problem: Problem, path: Vec<String>) -> Self {
        Self {
            problem,
            path,
            owner: None,
        }
    }

    /// Names what the schema is of, a tool for example.
    pub(crate) fn of(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot make the JSON schema ")?;
        if let Some(owner) = &self.owner {
            write!(f, "of {owner} ")?;
        }
        write!(f, "strict: {}, at #", self.problem)?;
        for key in &self.path {
            write!(f, "/{}", key.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}

impl std::error::Error for SchemaError {}

/// What is wrong, without the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    TooDeep,
    TooLarge,
    NotAnObject,
    OpenObject,
    RefSiblings(Vec<String>),
    NestedResource,
    AllOfConflict(Vec<String>),
    CircularRef,
    BrokenRef(String),
    UnexpandedRef,
    RootAnyOf,
    RootNotPlainObject,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => write!(f, "it nests more than {MAX_DEPTH} levels deep"),
            Self::TooLarge => {
                write!(
                    f,
                    "it has more than {MAX_NODES} nodes when its references are expanded"
                )
            }
            Self::NotAnObject => {
                f.write_str("expected a schema that is a JSON object, which says what it accepts")
            }
            Self::OpenObject => f.write_str(
                "`additionalProperties` allows properties that the object does not name, \
                 as the schema of a map does; name them, or do not make the schema strict",
            ),
            Self::RefSiblings(keys) => {
                write!(
                    f,
                    "a `$ref` cannot be merged with `{}` beside it",
                    keys.join("`, `")
                )
            }
            Self::NestedResource => {
                f.write_str("a `$ref` lies in, or points into, a part with an `$id` of its own")
            }
            Self::AllOfConflict(keys) => write!(
                f,
                "the one entry of `allOf` and its parent do not agree on `{}`",
                keys.join("`, `")
            ),
            Self::CircularRef => f.write_str("a chain of `$ref`s leads back to itself"),
            Self::BrokenRef(reference) => {
                write!(
                    f,
                    "the `$ref` {reference} does not point to a schema of this document"
                )
            }
            Self::UnexpandedRef => {
                f.write_str("a `$ref` stays, and nothing has looked at what it points to")
            }
            Self::RootAnyOf => f.write_str("the root must not be an `anyOf` or `oneOf`"),
            Self::RootNotPlainObject => {
                f.write_str("the root must be an object and nothing else, not even null")
            }
        }
    }
}
