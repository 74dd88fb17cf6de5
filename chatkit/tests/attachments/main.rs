//! Attached files over HTTP: uploads, downloads and previews, and what is refused.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

mod config;
mod deletion;
mod memory;
mod refusals;
#[cfg(feature = "attachments-s3")]
mod s3;
mod serving;
mod support;
mod uploads;
