//! Checks that need several crates of the workspace, or a process of their own.

pub mod conformance;
