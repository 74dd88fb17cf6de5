//! The Responses client against a scripted endpoint over real connections.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

use std::error::Error;
use std::time::Duration;

use chatkit_agents::items::{InputItem, OutputItemKind};
use chatkit_agents::model::{
    Model, ModelError, ModelErrorKind, ModelRequest, ModelSettings, ModelStream,
    ResponseStreamEvent as Event, ResponsesClient, ResponsesClientBuilder,
};
use chatkit_agents::testing::{Script, ScriptedResponses};
use futures::{FutureExt, StreamExt};
use serde_json::json;

const KEY: &str = "sk-the-key-nobody-may-see";

async fn server(scripts: impl IntoIterator<Item = Script>) -> ScriptedResponses {
    let server = ScriptedResponses::start().await.unwrap();
    for script in scripts {
        server.push(script);
    }
    server
}

fn call(client: &ResponsesClient) -> ModelStream {
    let input = [InputItem::user("Hi")];
    client.model("scripted").stream(&ModelRequest::new(&input))
}

/// All events, and the error that ended them, if one did.
async fn drain(mut stream: ModelStream) -> (Vec<Event>, Option<ModelError>) {
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(stream.next().await.is_none(), "an error ends the stream");
                return (events, Some(error));
            }
        }
    }
    assert!(events.last().is_some_and(Event::is_terminal));
    (events, None)
}

async fn events(server: &ScriptedResponses) -> Vec<Event> {
    let (events, error) = drain(call(&server.client())).await;
    assert!(error.is_none(), "{error:?}");
    events
}

async fn failure(
    server: &ScriptedResponses,
    configure: impl FnOnce(ResponsesClientBuilder) -> ResponsesClientBuilder,
) -> (Vec<Event>, ModelError) {
    let client = configure(server.client_builder().api_key(KEY))
        .build()
        .unwrap();
    let (events, error) = drain(call(&client)).await;
    let error = error.expect("the call fails");
    assert_no_key(&client, &error);
    (events, error)
}

fn assert_no_key(client: &ResponsesClient, error: &ModelError) {
    let mut shown = format!("{client:?} {error:?} {error:#?}");
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        shown += &format!(" {error} {error:?}");
        cause = error.source();
    }
    assert!(!shown.contains(KEY), "{shown}");
}

fn types(events: &[Event]) -> Vec<&str> {
    events.iter().map(Event::event_type).collect()
}

fn text(events: &[Event]) -> String {
    let deltas = events.iter().filter_map(|event| match event {
        Event::OutputTextDelta(event) => Some(event.delta.as_str()),
        _ => None,
    });
    deltas.collect()
}

#[tokio::test]
async fn a_text_arrives_in_order() {
    let server = server([Script::text("Hello there, you").usage(7, 3)]).await;
    let events = events(&server).await;
    assert_eq!(
        types(&events),
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    assert_eq!(text(&events), "Hello there, you");
    let Some(Event::Completed(end)) = events.last() else {
        panic!("{events:?}")
    };
    assert!(
        end.response
            .id
            .as_deref()
            .is_some_and(|id| id.starts_with("resp_"))
    );
    let usage = end.response.usage.unwrap();
    assert_eq!(
        (usage.requests, usage.input_tokens, usage.output_tokens),
        (1, 7, 3)
    );
    let [message] = end.response.output.as_slice() else {
        panic!("{end:?}")
    };
    let OutputItemKind::Message(message) = message.kind() else {
        panic!("{message:?}")
    };
    assert_eq!(message.text(), "Hello there, you");

    let request = server.wait_closed(1).await;
    assert_eq!(request.header("authorization"), Some("Bearer scripted-key"));
    let agent = concat!("chatkit-agents/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.header("user-agent"), Some(agent));
    assert_eq!(
        request.body,
        json!({
            "model": "scripted",
            "input": [{
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Hi"}],
            }],
            "include": [],
            "tools": [],
            "stream": true,
        })
    );
    assert!(!request.closed_early);
}

#[tokio::test]
async fn a_function_call_goes_back_as_it_came() {
    let server = server([
        Script::reasoning("Thinking.").then_function_call("get_weather", json!({"city": "Paris"})),
        Script::text("Sunny"),
    ])
    .await;
    let first = events(&server).await;
    let Some(Event::Completed(end)) = first.last() else {
        panic!("{first:?}")
    };
    let OutputItemKind::FunctionCall(call) = end.response.output[1].kind() else {
        panic!("{end:?}")
    };
    assert_eq!(call.name, "get_weather");
    assert_eq!(call.arguments, r#"{"city":"Paris"}"#);

    let mut input = vec![InputItem::user("Weather?")];
    let output = &end.response.output;
    input.extend(output.iter().map(|item| item.to_input_item()));
    input.push(InputItem::function_call_output(&call.call_id, "sunny"));
    let model = server.client().model("scripted");
    let (second, error) = drain(model.stream(&ModelRequest::new(&input))).await;
    assert!(error.is_none());
    assert_eq!(text(&second), "Sunny");

    let sent = &server.requests()[1].body["input"];
    assert_eq!(sent[1]["type"], "reasoning");
    assert_eq!(
        sent[2],
        json!({
            "type": "function_call",
            "id": call.id,
            "call_id": call.call_id,
            "name": "get_weather",
            "arguments": "{\"city\":\"Paris\"}",
            "status": "completed",
        })
    );
    assert_eq!(
        sent[3],
        json!({"type": "function_call_output", "call_id": call.call_id, "output": "sunny"})
    );
}

#[tokio::test]
async fn a_refused_key_is_not_retried() {
    let body = json!({"error": {
        "message": format!("Incorrect API key {KEY}"),
        "type": "invalid_request_error",
        "code": "invalid_api_key",
    }});
    let refusal = Script::status(401)
        .body(body.to_string())
        .header("x-request-id", "req_9");
    let server = server([refusal]).await;
    let (events, error) = failure(&server, |builder| builder).await;
    assert!(events.is_empty());
    assert_eq!(error.kind(), ModelErrorKind::Authentication);
    assert_eq!(error.status(), Some(401));
    assert_eq!(error.code(), Some("invalid_api_key"));
    assert_eq!(error.request_id(), Some("req_9"));
    assert!(error.api_message().unwrap().starts_with("Incorrect"));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_rate_limit_is_waited_out() {
    let server = server([
        Script::status(429).header("retry-after-ms", "1"),
        Script::text("ok"),
    ])
    .await;
    assert_eq!(text(&events(&server).await), "ok");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
}

#[tokio::test]
async fn all_attempts_of_a_call_have_one_key() {
    let lost = || Script::json(&json!({})).cut_after(0);
    let busy = Script::status(503).header("retry-after-ms", "1");
    let server = server([lost(), busy, Script::text("ok"), Script::text("ok")]).await;
    assert_eq!(text(&events(&server).await), "ok");
    events(&server).await;
    let requests = server.requests();
    let keys: Vec<_> = requests
        .iter()
        .map(|request| request.header("idempotency-key").unwrap())
        .collect();
    assert_eq!(keys.len(), 4);
    assert!(keys[..3].iter().all(|key| *key == keys[0]), "{keys:?}");
    assert!(keys[0].len() == 36 && keys[3] != keys[0], "{keys:?}");

    // One of the program's own stays.
    let settings = ModelSettings::new().extra_header("Idempotency-Key", "mine");
    let input = [InputItem::user("Hi")];
    let request = ModelRequest::new(&input).settings(&settings);
    server.push(Script::text("ok"));
    drain(server.client().model("scripted").stream(&request)).await;
    let last = server.requests().pop().unwrap();
    assert_eq!(last.header("idempotency-key"), Some("mine"));
}

#[tokio::test]
async fn a_conversation_that_is_in_use_is_tried_again() {
    let locked =
        json!({"error": {"code": "conversation_locked", "message": "Another process is writing."}});
    let server = server([
        Script::status(400)
            .body(locked.to_string())
            .header("retry-after-ms", "1"),
        Script::text("Hello"),
    ])
    .await;
    events(&server).await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn retries_are_limited() {
    let broken = || Script::status(503).header("retry-after-ms", "1");
    let server = server([broken(), broken(), broken(), Script::text("too late")]).await;
    let (_, error) = failure(&server, |builder| builder).await;
    assert_eq!(error.kind(), ModelErrorKind::Status);
    assert_eq!(error.status(), Some(503));
    assert_eq!(error.retry_after(), Some(Duration::from_millis(1)));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_call_chooses_its_retries_and_its_extras() {
    let server = server([Script::status(500), Script::text("not asked for")]).await;
    let settings = ModelSettings::new()
        .max_retries(0)
        .extra_header("x-trace", "t1")
        .extra_query("api-version", "preview")
        .extra_body("temperature", 0.5)
        .extra_body("stream", false)
        .temperature(1.0);
    let input = [InputItem::user("Hi")];
    let request = ModelRequest::new(&input).settings(&settings);
    let (_, error) = drain(server.client().model("scripted").stream(&request)).await;
    assert_eq!(error.unwrap().status(), Some(500));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].target, "/v1/responses?api-version=preview");
    assert_eq!(requests[0].header("x-trace"), Some("t1"));
    assert_eq!(requests[0].body["temperature"], 0.5);
    assert_eq!(requests[0].body["stream"], true);
}

#[tokio::test]
async fn nobody_listens() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let client = ResponsesClient::builder()
        .base_url(format!("http://127.0.0.1:{port}/v1"))
        .api_key(KEY)
        .max_retries(0)
        .build()
        .unwrap();
    let (events, error) = drain(call(&client)).await;
    let error = error.unwrap();
    assert!(events.is_empty());
    assert_eq!(error.kind(), ModelErrorKind::Connect);
    assert!(error.source().is_some());
    assert_no_key(&client, &error);
}

#[tokio::test]
async fn a_cut_stream_is_an_error_and_not_sent_again() {
    for events_before in [0, 1, 5] {
        let server = server([
            Script::text("one two three four").cut_after(events_before),
            Script::text("a second, paid generation"),
        ])
        .await;
        let (events, error) = failure(&server, |builder| builder).await;
        assert_eq!(events.len(), events_before);
        assert_eq!(error.kind(), ModelErrorKind::Truncated);
        assert_eq!(error.request_id(), Some("req_1"));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_orderly_end_without_a_terminal_event_is_an_error() {
    let server = server([Script::text("one two").unterminated()]).await;
    let (events, error) = failure(&server, |builder| builder).await;
    assert_eq!(text(&events), "one two");
    assert_eq!(error.kind(), ModelErrorKind::Truncated);
}

#[tokio::test]
async fn silence_is_a_timeout() {
    for events_before in [0, 3] {
        let server = server([Script::text("one two").hang_after(events_before)]).await;
        let idle = Duration::from_millis(100);
        let (events, error) = failure(&server, |builder| builder.idle_timeout(idle)).await;
        assert_eq!(events.len(), events_before);
        assert_eq!(error.kind(), ModelErrorKind::Timeout);
        assert!(server.wait_closed(1).await.closed_early);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_call_has_its_own_timeout() {
    let server = server([Script::text("one two").hang_after(3)]).await;
    let settings = ModelSettings::new().timeout(Duration::from_millis(100));
    let input = [InputItem::user("Hi")];
    let request = ModelRequest::new(&input).settings(&settings);
    let (events, error) = drain(server.client().model("scripted").stream(&request)).await;
    assert_eq!(events.len(), 3);
    assert_eq!(error.unwrap().kind(), ModelErrorKind::Timeout);
    assert!(server.wait_closed(1).await.closed_early);
}

#[tokio::test]
async fn comments_are_a_sign_of_life() {
    let mut script = Script::new();
    for _ in 0..10 {
        script = script.then_bytes(": keep-alive\n\n");
    }
    let script = script.then_text("ok").delay(Duration::from_millis(50));
    let server = server([script]).await;
    // The pauses exceed the idle timeout together; none of them does alone.
    let client = server
        .client_builder()
        .idle_timeout(Duration::from_millis(400))
        .build()
        .unwrap();
    let (events, error) = drain(call(&client)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(text(&events), "ok");
}

#[tokio::test]
async fn another_content_type_is_an_error() {
    for content_type in ["text/html", "application/json", "text/event-streams"] {
        let server = server([Script::text("x").content_type(content_type)]).await;
        let (_, error) = failure(&server, |builder| builder).await;
        assert_eq!(error.kind(), ModelErrorKind::ContentType);
        assert_eq!(error.status(), Some(200));
        assert_eq!(server.requests().len(), 1);
    }
    let spelled = Script::text("x").content_type("Text/Event-Stream ;charset=UTF-8");
    let server = server([spelled]).await;
    assert_eq!(text(&events(&server).await), "x");
}

#[tokio::test]
async fn error_events_end_the_stream_in_every_form() {
    let bare = json!({"error": {"code": "server_error", "message": "Try later."}});
    for script in [
        Script::text("x").error("server_error", "Try later."),
        Script::text("x").nested_error("server_error", "Try later."),
        Script::text("x").then_event(bare).unterminated(),
    ] {
        let server = server([script]).await;
        let events = events(&server).await;
        let Some(Event::Error(event)) = events.last() else {
            panic!("{events:?}")
        };
        assert_eq!(event.code.as_deref(), Some("server_error"));
        assert_eq!(event.message.as_deref(), Some("Try later."));
        let error = ModelError::from(event);
        assert_eq!(error.kind(), ModelErrorKind::Api);
        assert!(!format!("{error} {error:?}").contains("later"));
    }
}

#[tokio::test]
async fn failed_and_incomplete_responses_are_terminal() {
    let server = server([
        Script::new().failed("rate_limit_exceeded", "Slow down."),
        Script::text("half an").incomplete("max_output_tokens"),
    ])
    .await;
    let failed = events(&server).await;
    let Some(Event::Failed(event)) = failed.last() else {
        panic!("{failed:?}")
    };
    let error = ModelError::from(&event.response);
    assert_eq!(error.kind(), ModelErrorKind::RateLimited);
    assert_eq!(error.api_message(), Some("Slow down."));

    let incomplete = events(&server).await;
    let Some(Event::Incomplete(event)) = incomplete.last() else {
        panic!("{incomplete:?}")
    };
    let reason = event.response.incomplete_details.clone().unwrap().reason;
    assert_eq!(reason.as_deref(), Some("max_output_tokens"));
}

#[tokio::test]
async fn the_unknown_passes_through() {
    let item = json!({"type": "hologram_call", "id": "h1", "depth": {"z": [1.50, null]}});
    let script = Script::new()
        .then_event(json!({"type": "keepalive"}))
        .then_event(json!({"type": "response.hologram.delta", "delta": {"x": 1}}))
        .then_event(json!({"type": "response.output_text.delta", "delta": 7}))
        .then_item(item.clone())
        .then_text("ok")
        .then_bytes("data: [DONE]\n\n");
    let server = server([script]).await;
    let events = events(&server).await;
    let raw: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Raw(event) => Some((event.event_type.as_str(), event.sequence_number)),
            _ => None,
        })
        .collect();
    assert_eq!(
        raw,
        [
            ("keepalive", Some(2)),
            ("response.hologram.delta", Some(3)),
            ("response.output_text.delta", Some(4)),
        ]
    );
    let Some(Event::Completed(end)) = events.last() else {
        panic!("{events:?}")
    };
    let hologram = &end.response.output[0];
    assert_eq!(hologram.item_type(), "hologram_call");
    assert!(matches!(hologram.kind(), OutputItemKind::Other { .. }));
    let back = serde_json::to_value(hologram.to_input_item()).unwrap();
    assert_eq!(back, item);
}

#[tokio::test]
async fn malformed_data_is_an_error() {
    let server = server([Script::new().then_bytes("data: {\"type\": oops\n\n")]).await;
    let (events, error) = failure(&server, |builder| builder).await;
    assert_eq!(events.len(), 2);
    assert_eq!(error.kind(), ModelErrorKind::Decode);
}

#[tokio::test]
async fn a_last_event_may_lack_its_blank_line() {
    let end = r#"data: {"type":"response.completed","response":{"id":"r"}}"#;
    let whole = Script::new().then_bytes(end).unterminated();
    let cut = Script::new().then_bytes(&end[..40]).unterminated();
    let server = server([whole, cut]).await;
    assert_eq!(events(&server).await.len(), 3);
    let (events, error) = failure(&server, |builder| builder).await;
    assert_eq!(events.len(), 2);
    assert_eq!(error.kind(), ModelErrorKind::Truncated);
}

#[tokio::test]
async fn a_large_image_arrives_in_small_pieces() {
    let image = "QUJD".repeat(1 << 20);
    let script = Script::image(image.clone())
        .partial_image(image.clone())
        .in_pieces(1024);
    let server = server([script]).await;
    let events = events(&server).await;
    let partial = events.iter().find_map(|event| match event {
        Event::ImageGenerationPartialImage(event) => Some(event),
        _ => None,
    });
    assert!(partial.is_some_and(|partial| partial.partial_image_b64 == image));
    let done = events.iter().find_map(|event| match event {
        Event::OutputItemDone(event) => event.item.image_result(),
        _ => None,
    });
    assert!(done.is_some_and(|done| *done == image));
}

#[tokio::test]
async fn an_event_beyond_the_limit_is_an_error() {
    let server = server([Script::image("QUJD".repeat(1 << 14))]).await;
    let (_, error) = failure(&server, |builder| builder.max_event_bytes(10_000)).await;
    assert_eq!(error.kind(), ModelErrorKind::TooLarge);
    assert!(server.wait_closed(1).await.over);
}

#[tokio::test]
async fn nothing_happens_before_the_first_poll() {
    let server = server([]).await;
    drop(call(&server.client()));
    // The request that follows is the first the endpoint sees.
    server.push(Script::text("ok"));
    assert_eq!(text(&events(&server).await), "ok");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    for events_before in [0, 4] {
        let server = server([Script::text("one two").hang_after(events_before)]).await;
        let mut stream = call(&server.client());
        for _ in 0..events_before {
            stream.next().await.unwrap().unwrap();
        }
        // The model is silent: drive the stream until the endpoint has the request.
        tokio::select! {
            biased;
            event = stream.next() => panic!("{event:?}"),
            _ = server.wait_for_request(1) => {}
        }
        drop(stream);
        let request = server.wait_closed(1).await;
        assert!(request.closed_early);
        assert_eq!(request.events_written, events_before);
    }
}

#[tokio::test]
async fn a_connection_serves_the_next_call() {
    let server = server([Script::text("one"), Script::text("two")]).await;
    let client = server.client();
    for expected in ["one", "two"] {
        let (events, _) = drain(call(&client)).await;
        assert_eq!(text(&events), expected);
    }
    for number in [1, 2] {
        let request = server.wait_closed(number).await;
        assert!(!request.closed_early);
        assert_eq!(request.connection, 1);
    }
}

#[tokio::test]
async fn the_end_of_an_answer_is_awaited_but_not_for_long() {
    let events = 9;
    let server = server([
        Script::text("one").hold_after(events),
        Script::text("two").hang_after(events),
        Script::text("three"),
    ])
    .await;
    let client = server.client();
    let mut stream = call(&client);
    for _ in 1..events {
        stream.next().await.unwrap().unwrap();
    }
    assert!(stream.next().await.unwrap().unwrap().is_terminal());
    server.release();
    assert!(stream.next().await.is_none());

    for expected in ["two", "three"] {
        let (events, _) = drain(call(&client)).await;
        assert_eq!(text(&events), expected);
    }
    assert!(server.wait_closed(2).await.closed_early);
    let connections: Vec<_> = server.requests().iter().map(|r| r.connection).collect();
    assert_eq!(connections, [1, 1, 2]);
}

#[tokio::test]
async fn a_held_script_goes_on_when_released() {
    let server = server([Script::text("one two").hold_after(5)]).await;
    let mut stream = call(&server.client());
    for _ in 0..5 {
        stream.next().await.unwrap().unwrap();
    }
    assert!(stream.next().now_or_never().is_none());
    server.release();
    let (rest, error) = drain(stream).await;
    assert!(error.is_none());
    assert_eq!(text(&rest), "two");
}

#[tokio::test]
async fn a_handler_sees_the_request() {
    let server = ScriptedResponses::start_with(|request| {
        let items = request.body["input"].as_array().map_or(0, Vec::len);
        if items == 1 {
            Script::function_call("get_weather", json!({}))
        } else {
            Script::text("Sunny")
        }
    })
    .await
    .unwrap();
    let model = server.client().model("scripted");
    let input = [
        InputItem::user("Weather?"),
        InputItem::function_call("c1", "get_weather", "{}"),
        InputItem::function_call_output("c1", "sunny"),
    ];
    let (first, _) = drain(model.stream(&ModelRequest::new(&input[..1]))).await;
    assert!(types(&first).contains(&"response.function_call_arguments.done"));
    let (second, _) = drain(model.stream(&ModelRequest::new(&input))).await;
    assert_eq!(text(&second), "Sunny");
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let server = server([Script::text("one").hang_after(2)]).await;
    let client = server.client_builder().max_retries(0).build().unwrap();
    let mut stream = call(&client);
    for _ in 0..2 {
        stream.next().await.unwrap().unwrap();
    }
    drop(server);
    let (_, error) = drain(stream).await;
    assert_eq!(error.unwrap().kind(), ModelErrorKind::Truncated);
    let (_, error) = drain(call(&client)).await;
    assert_eq!(error.unwrap().kind(), ModelErrorKind::Connect);
}
