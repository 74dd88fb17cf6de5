//! stub
#![allow(missing_docs)]
use crate::types::*;
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WidgetComponent(JsonObject);
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WidgetRoot(JsonObject);
pub struct WidgetStream;
impl WidgetStream {
    pub fn once(id: impl Into<String>, t: impl Into<String>, w: WidgetRoot) -> ThreadItemDoneEvent {
        ThreadItemDoneEvent::new(WidgetItem::new(id, t, w))
    }
}
