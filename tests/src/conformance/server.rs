//! The kind `server`: requests to one server, one after the other.

use std::pin::pin;
use std::sync::Arc;

use chatkit::store::{AttachmentStore, StoreError, StoreItemType};
use chatkit::types::{
    Attachment, AttachmentCreateParams, AttachmentUploadDescriptor, FileAttachment,
    ImageAttachment, UploadMethod, Url,
};
use chatkit::{ChatKitServer, Error, ProcessResult, StreamingResult};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::failure::{self, Failure};
use super::raw_input;
use super::script::{Calls, Script, ScriptedHandler};
use super::store::{Contents, Options, RecordingStore, StoreOp};

/// A case of this kind.
#[derive(Deserialize)]
pub(super) struct Case {
    store: Contents,
    #[serde(default)]
    store_options: Options,
    #[serde(default)]
    server: ServerOptions,
    /// Each is a [`Step`] and a [`Script`] in one object.
    steps: Vec<Box<RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ServerOptions {
    attachment_store: Attachments,
    allow_cancel: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Attachments {
    #[default]
    None,
    Full,
    DeleteOnly,
}

/// A request, and what happens around it.
#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    store_ops: Vec<StoreOp>,
    request: Option<Box<RawValue>>,
    request_text: Option<String>,
    request_base64: Option<String>,
    /// The client goes away after so many events.
    close_after: Option<usize>,
}

/// Runs all steps on one server, in a runtime of their own.
pub(super) fn run(case: Case) -> Result<Value, Failure> {
    let steps = case
        .steps
        .iter()
        .map(|step| {
            let script: Script = read(step)?;
            Ok((read::<Step>(step)?, Arc::new(script)))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let store = RecordingStore::new(case.store, case.store_options)?;
    let calls = Calls::default();
    let handler = ScriptedHandler::new(calls.clone(), case.server.allow_cancel);
    // A turn waits for each event to be taken, so that a script goes on only when the next one is wanted.
    let mut server = ChatKitServer::new(handler, store.clone()).max_buffered_bytes(1);
    match case.server.attachment_store {
        Attachments::None => {}
        Attachments::Full => {
            server = server.attachment_store(FullAttachments {
                store: store.clone(),
                calls: calls.clone(),
            });
        }
        Attachments::DeleteOnly => {
            server = server.attachment_store(DeleteOnlyAttachments {
                calls: calls.clone(),
            });
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(Failure::rejected)?;
    let steps = runtime.block_on(async {
        let mut results = Vec::new();
        for (step, script) in &steps {
            for op in &step.store_ops {
                store.apply(op)?;
            }
            let result = run_step(&server, step, script).await?;
            results.push(json!({
                "result": result,
                "handler_calls": calls.take(),
                "writes": store.take_writes(),
            }));
        }
        Ok::<_, Failure>(results)
    })?;
    Ok(json!({ "steps": steps, "store": store.snapshot()? }))
}

fn read<'de, T: Deserialize<'de>>(json: &'de RawValue) -> Result<T, Failure> {
    serde_json::from_str(json.get()).map_err(Failure::rejected)
}

async fn run_step(
    server: &ChatKitServer<ScriptedHandler>,
    step: &Step,
    script: &Arc<Script>,
) -> Result<Value, Failure> {
    let request = raw_input(
        step.request.as_deref(),
        step.request_text.as_deref(),
        step.request_base64.as_deref(),
    )?;
    server.handler().follow(Arc::clone(script));
    Ok(match server.process(request, ()).await {
        Ok(ProcessResult::Streaming(stream)) => {
            let result = receive(stream, script, step.close_after).await;
            until_turns_are_over().await;
            result
        }
        Ok(ProcessResult::NonStreaming(body)) => {
            let body: Value = serde_json::from_slice(&body).map_err(Failure::rejected)?;
            json!({ "kind": "non_streaming", "body": body })
        }
        Err(error) => json!({ "kind": "error", "error": failure::error(&error) }),
    })
}

/// The client of a turn. It cancels the turn when the script says so, and goes away after `close_after` events.
async fn receive(
    mut stream: StreamingResult,
    script: &Script,
    close_after: Option<usize>,
) -> Value {
    let mut events = Vec::new();
    let mut error: Option<Error> = None;
    let mut cancelled = pin!(async {
        script.cancel_requested().await;
    });
    let mut may_cancel = true;
    loop {
        if close_after.is_some_and(|count| events.len() >= count) {
            events.truncate(close_after.unwrap_or_default());
            return json!({ "kind": "streaming", "events": events, "error": null, "closed": true });
        }
        tokio::select! {
            biased;
            chunk = stream.next() => match chunk {
                Some(Ok(chunk)) => events.extend(frames(&chunk)),
                Some(Err(failure)) => error = Some(failure),
                None => break,
            },
            () = &mut cancelled, if may_cancel => {
                may_cancel = false;
                stream.cancellation().cancel();
            }
        }
    }
    let error = error.as_ref().map_or(Value::Null, failure::error);
    json!({ "kind": "streaming", "events": events, "error": error })
}

/// The events of a chunk: whole frames, each of one `data` field. Anything else shows up as text.
fn frames(chunk: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(chunk);
    let Some(frames) = text.strip_suffix("\n\n") else {
        return vec![text.into()];
    };
    frames
        .split("\n\n")
        .map(|frame| {
            frame
                .strip_prefix("data: ")
                .filter(|json| !json.contains('\n'))
                .and_then(|json| serde_json::from_str(json).ok())
                .unwrap_or_else(|| frame.into())
        })
        .collect()
}

/// Waits for the tasks of the server. There are no others in the runtime of a case.
async fn until_turns_are_over() {
    let metrics = tokio::runtime::Handle::current().metrics();
    while metrics.num_alive_tasks() > 0 {
        tokio::task::yield_now().await;
    }
}

/// Makes and deletes attachments that are never uploaded.
struct FullAttachments {
    store: RecordingStore,
    calls: Calls,
}

impl AttachmentStore<()> for FullAttachments {
    async fn delete_attachment(&self, attachment_id: &str, (): &()) -> Result<(), StoreError> {
        record_delete(&self.calls, attachment_id);
        Ok(())
    }

    async fn create_attachment(
        &self,
        params: &AttachmentCreateParams,
        context: &(),
    ) -> Result<Attachment, StoreError> {
        self.calls.record(json!({
            "handler": "create_attachment",
            "name": params.name,
            "size": params.size,
            "mime_type": params.mime_type,
        }));
        let id = self.generate_attachment_id(&params.mime_type, context);
        let url = |what: &str| {
            Url::parse(format!("https://example.com/{id}/{what}")).map_err(StoreError::other)
        };
        let metadata = Map::from_iter([("source".to_owned(), "test".into())]);
        let upload = AttachmentUploadDescriptor::new(url("upload")?, UploadMethod::Put)
            .header("X-My-Header", "my-value");
        Ok(if params.mime_type.starts_with("image/") {
            ImageAttachment::new(&id, &params.name, &params.mime_type, url("preview")?)
                .metadata(metadata)
                .upload_descriptor(upload)
                .into()
        } else {
            FileAttachment::new(&id, &params.name, &params.mime_type)
                .metadata(metadata)
                .upload_descriptor(upload)
                .into()
        })
    }

    fn generate_attachment_id(&self, _: &str, (): &()) -> String {
        self.store.next_id(StoreItemType::Attachment)
    }
}

/// Only deletes: it leaves the rest to the library.
struct DeleteOnlyAttachments {
    calls: Calls,
}

impl AttachmentStore<()> for DeleteOnlyAttachments {
    async fn delete_attachment(&self, attachment_id: &str, (): &()) -> Result<(), StoreError> {
        record_delete(&self.calls, attachment_id);
        Ok(())
    }
}

fn record_delete(calls: &Calls, attachment_id: &str) {
    calls.record(json!({ "handler": "delete_attachment", "attachment_id": attachment_id }));
}
