// What the examples of the guides share: requests as ChatKit.js sends them. Included by the doctests, not by the crate.

use chatkit::types::ThreadStreamEvent;
use chatkit::{ChatKitHandler, ChatKitServer, ProcessResult};
use futures::StreamExt;
use serde_json::{Value, json};

/// Posts a request. Gives the events of the answer, or the one document that it is.
pub async fn post<H: ChatKitHandler>(
    server: &ChatKitServer<H>,
    context: H::Context,
    request: Value,
) -> Vec<Value> {
    let answer = server.process(request.to_string(), context).await.unwrap();
    let mut events = match answer {
        ProcessResult::NonStreaming(json) => return vec![serde_json::from_slice(&json).unwrap()],
        ProcessResult::Streaming(events) => events,
    };
    let (mut text, mut failure) = (String::new(), None);
    while let Some(chunk) = events.next().await {
        match chunk {
            Ok(bytes) => text.push_str(std::str::from_utf8(&bytes).unwrap()),
            // As the adapter tells the client.
            Err(error) => failure = Some(ThreadStreamEvent::from(error.to_event())),
        }
    }
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let sent = data.map(|json| serde_json::from_str(json).unwrap());
    sent.chain(failure.map(|event| serde_json::to_value(event).unwrap())).collect()
}

/// Begins a thread with a text. Gives the events of the answer.
pub async fn say<H: ChatKitHandler>(
    server: &ChatKitServer<H>,
    context: H::Context,
    text: &str,
) -> Vec<Value> {
    let input = json!({"content": [{"type": "input_text", "text": text}]});
    let request = json!({"type": "threads.create", "params": {"input": input}});
    post(server, context, request).await
}

/// The events of one type.
pub fn of_type<'a>(events: &'a [Value], event_type: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["type"] == event_type).collect()
}

/// The items of one type that were finished.
pub fn done<'a>(events: &'a [Value], item_type: &str) -> Vec<&'a Value> {
    let done = of_type(events, "thread.item.done").into_iter().map(|event| &event["item"]);
    done.filter(|item| item["type"] == item_type).collect()
}

/// The id of the thread that was begun.
pub fn thread_id(events: &[Value]) -> &str {
    events[0]["thread"]["id"].as_str().unwrap()
}
