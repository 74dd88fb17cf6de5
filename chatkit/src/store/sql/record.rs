//! Records as they are stored: the JSON that the protocol writes.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Columns, DATA, ID};
use crate::store::StoreError;

pub(super) fn encode<T: Serialize>(record: &T) -> Result<String, StoreError> {
    serde_json::to_string(record).map_err(StoreError::other)
}

/// The record of a row with the columns `id` and `data`.
pub(super) fn decode<T: DeserializeOwned>(
    table: &'static str,
    row: &impl Columns,
) -> Result<T, StoreError> {
    let data = row.json(DATA)?;
    match serde_json::from_str(&data) {
        Ok(record) => Ok(record),
        Err(error) => Err(StoreError::other(InvalidRecord {
            table,
            id: row.text(ID)?.map(Cow::into_owned).unwrap_or_default(),
            line: error.line(),
            column: error.column(),
        })),
    }
}

/// A stored record that is not what it should be. The JSON error itself is left out: it may quote the content.
#[derive(Debug)]
struct InvalidRecord {
    table: &'static str,
    id: String,
    line: usize,
    column: usize,
}

impl fmt::Display for InvalidRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            table,
            id,
            line,
            column,
        } = self;
        write!(
            f,
            "the record {id} in the table {table} does not decode, at line {line} column {column}"
        )
    }
}

impl StdError for InvalidRecord {}
