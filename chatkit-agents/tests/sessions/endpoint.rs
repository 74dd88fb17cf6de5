//! A Conversations API that keeps what it is given, like OpenAI's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chatkit_agents::testing::{RecordedRequest, Script, ScriptedResponses};
use serde_json::{Value, json};

#[derive(Default)]
struct Conversations {
    items: HashMap<String, Vec<Value>>,
    ids: usize,
    /// The request, counted by those that add items, that fails.
    failing: Option<usize>,
    adds: usize,
}

/// An endpoint with conversations. It gives at most `page` items at once, whatever it is asked for.
pub(crate) struct Endpoint {
    pub(crate) server: ScriptedResponses,
    state: Arc<Mutex<Conversations>>,
}

impl Endpoint {
    pub(crate) async fn start(page: usize) -> Self {
        let server = ScriptedResponses::start().await.unwrap();
        let state = Arc::<Mutex<Conversations>>::default();
        let conversations = Arc::clone(&state);
        server.respond_at("/conversations", move |request| {
            conversations.lock().unwrap().answer(request, page)
        });
        Self { server, state }
    }

    /// Makes the request fail that adds items for the `number`th time from now.
    pub(crate) fn fail_add(&self, number: usize) {
        let mut state = self.state.lock().unwrap();
        state.failing = Some(state.adds + number);
    }

    /// The conversations that there are.
    pub(crate) fn conversations(&self) -> Vec<String> {
        self.state.lock().unwrap().items.keys().cloned().collect()
    }

    /// The items of the only conversation, as the endpoint keeps them.
    pub(crate) fn items(&self) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        assert_eq!(state.items.len(), 1);
        state.items.values().next().unwrap().clone()
    }
}

impl Conversations {
    fn answer(&mut self, request: &RecordedRequest, page: usize) -> Script {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let query: HashMap<&str, &str> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let path: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let answer = match (request.method.as_str(), path.as_slice()) {
            ("POST", ["conversations"]) => {
                self.ids += 1;
                let id = format!("conv_{}", self.ids);
                self.items.insert(id.clone(), Vec::new());
                Some(json!({"id": id, "object": "conversation"}))
            }
            ("DELETE", ["conversations", id]) => {
                self.items.remove(*id).map(|_| json!({"deleted": true}))
            }
            ("GET", ["conversations", id, "items"]) => self.list(id, &query, page),
            ("POST", ["conversations", id, "items"]) => {
                self.adds += 1;
                if self.failing == Some(self.adds) {
                    return Script::status(400);
                }
                self.add(id, &request.body)
            }
            ("DELETE", ["conversations", id, "items", item]) => {
                self.items.get_mut(*id).and_then(|items| {
                    let place = items.iter().position(|kept| kept["id"] == *item)?;
                    items.remove(place);
                    Some(json!({"id": id}))
                })
            }
            _ => None,
        };
        answer.map_or_else(|| Script::status(404), |answer| Script::json(&answer))
    }

    fn list(&self, id: &str, query: &HashMap<&str, &str>, page: usize) -> Option<Value> {
        let mut items = self.items.get(id)?.clone();
        if query["order"] == "desc" {
            items.reverse();
        }
        if let Some(after) = query.get("after") {
            let place = items.iter().position(|item| item["id"] == *after)?;
            items.drain(..=place);
        }
        let limit: usize = query["limit"].parse().ok()?;
        let more = items.len() > limit.min(page);
        items.truncate(limit.min(page));
        Some(json!({"object": "list", "data": items, "has_more": more}))
    }

    fn add(&mut self, id: &str, body: &Value) -> Option<Value> {
        let given = body["items"].as_array()?;
        if given.is_empty() || given.len() > 20 {
            return None;
        }
        let mut added = Vec::new();
        for item in given {
            let mut item = item.clone();
            if item.get("id").is_none() {
                self.ids += 1;
                item["id"] = json!(format!("item_{}", self.ids));
            }
            added.push(item);
        }
        self.items.get_mut(id)?.extend(added.clone());
        Some(json!({"object": "list", "data": added, "has_more": false}))
    }
}
