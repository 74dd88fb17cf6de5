//! The examples as their users run them: each a process of its own, over real HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

mod accounts;
mod approval;
mod attachments;
mod client_tool;
mod composer;
mod dictation;
mod disconnect;
mod echo;
mod images;
mod otlp;
mod page;
mod programs;
mod quickstart;
mod readme;
mod showcase;
mod support;
mod support_desk;
mod threads;
mod widgets;
