//! The whole way of a request: real sockets, a real store, a scripted model behind a real HTTP client.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

mod approvals;
mod bad_input;
mod differential;
mod disconnect;
mod failing_turns;
mod fuzz;
mod hidden;
mod limits;
mod locked;
mod order;
mod panics;
mod process;
mod refusal;
mod repeats;
mod replay;
mod stop;
mod support;
mod telemetry;
mod turn;
