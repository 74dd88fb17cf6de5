//! The whole way of a request: real sockets, a real store, a scripted model behind a real HTTP client.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

mod approvals;
mod bad_input;
mod hidden;
mod order;
mod process;
mod replay;
mod stop;
mod support;
mod turn;
mod upstream;
