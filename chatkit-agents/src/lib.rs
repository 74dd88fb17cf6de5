//! chatkit-agents
