//! Dictation, with and without an endpoint that understands speech.

use axum::extract::Multipart;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::support::{Example, request};

const PROGRAM: &str = env!("CARGO_BIN_EXE_dictation");

fn recording(mime_type: &str) -> Value {
    let params = json!({"audio_base64": "c291bmQ=", "mime_type": mime_type});
    request("input.transcribe", params)
}

#[tokio::test]
async fn a_recording_becomes_text() {
    let dictation = Example::start(PROGRAM).await;
    let answer = dictation.get(&recording("audio/webm;codecs=opus")).await;
    assert_eq!(answer, json!({"text": "5 bytes of audio/webm"}));

    let (status, body) = dictation.ask(&recording("audio/midi")).await;
    assert_eq!(status, 422);
    assert_eq!(body["message"], "This kind of recording is not understood.");
}

/// Repeats what it gets, as OpenAI's endpoint would get it.
async fn transcriptions(headers: HeaderMap, mut form: Multipart) -> Json<Value> {
    let mut heard = vec![headers["authorization"].to_str().unwrap().to_owned()];
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.file_name().or(field.name()).unwrap().to_owned();
        heard.push(format!("{name}={}", field.text().await.unwrap()));
    }
    Json(json!({"text": heard.join(" ")}))
}

#[tokio::test]
async fn with_a_key_the_endpoint_is_asked() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let app = Router::new().route("/v1/audio/transcriptions", post(transcriptions));
    let endpoint = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let variables = [("OPENAI_API_KEY", "sk-test"), ("OPENAI_BASE_URL", &base)];
    let dictation = Example::start_with(PROGRAM, &variables).await;
    let answer = dictation.get(&recording("audio/ogg")).await;
    let heard = "Bearer sk-test model=gpt-4o-mini-transcribe speech.ogg=sound";
    assert_eq!(answer, json!({"text": heard}));
    endpoint.abort();
}
