//! Records as they are stored: the JSON that the protocol writes.

use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Columns, DATA, ID};
use crate::store::StoreError;

pub(in crate::store) fn encode<T: Serialize>(record: &T) -> Result<String, StoreError> {
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
        Err(error) => {
            let id = row.text(ID)?.unwrap_or_default();
            Err(StoreError::other(InvalidRecord::new(table, &id, &error)))
        }
    }
}

/// A stored record that is not what it should be. The JSON error itself is left out: it may quote the content.
#[derive(Debug)]
pub(in crate::store) struct InvalidRecord {
    table: &'static str,
    id: String,
    line: usize,
    column: usize,
}

impl InvalidRecord {
    pub(in crate::store) fn new(table: &'static str, id: &str, error: &serde_json::Error) -> Self {
        Self {
            table,
            id: id.to_owned(),
            line: error.line(),
            column: error.column(),
        }
    }
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
