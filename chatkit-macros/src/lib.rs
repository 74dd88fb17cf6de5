//! chatkit-macros
