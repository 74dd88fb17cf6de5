//! chatkit
