//! The rules of attachment stores.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;

use super::{Check, Outcome, broken, ok, same, shown};
use crate::store::{AttachmentStore, DynAttachmentStore, StoreError};
use crate::types::AttachmentCreateParams;

/// The rules of [`AttachmentStore`].
///
/// What a store does with bytes is not among them: the trait has no way to read any. `open` gives the store, once a check;
/// `context` makes the context of a request.
pub fn attachment_store_checks<C, S, F>(
    open: impl Fn() -> F + Send + Sync + 'static,
    context: impl Fn() -> C + Send + Sync + 'static,
) -> Vec<Check>
where
    C: Send + Sync + 'static,
    S: AttachmentStore<C>,
    F: Future<Output = S> + Send + 'static,
{
    let shared = Arc::new((open, context));
    macro_rules! checks {
        ($($name:ident: $rule:literal,)*) => {
            vec![$({
                let shared = Arc::clone(&shared);
                Check::new(stringify!($name), $rule, move || {
                    let shared = Arc::clone(&shared);
                    async move {
                        let (open, context) = &*shared;
                        $name(DynAttachmentStore::new(open().await), context()).await
                    }
                })
            },)*]
        };
    }
    checks! {
        unique_attachment_ids: "Generated ids are all different.",
        created_attachments: "An attachment that is created has the name and type that were asked for, an id of its own, and \
            a place to upload to; or two-phase uploads are not supported.",
        deleting_attachments: "Deleting what is not there succeeds, whatever its id looks like.",
        deleting_created_attachments: "What was created can be deleted, and deleted again.",
    }
}

async fn unique_attachment_ids<C: Send + Sync + 'static>(
    store: DynAttachmentStore<C>,
    context: C,
) -> Outcome {
    const IDS: usize = 1000;
    let ids: HashSet<String> = (0..IDS)
        .map(|_| store.generate_attachment_id("text/plain", &context))
        .collect();
    same("different ids", &ids.len(), &IDS)
}

fn params() -> AttachmentCreateParams {
    AttachmentCreateParams::new("ä report.txt", 12_u64, "text/plain")
}

async fn created_attachments<C: Send + Sync + 'static>(
    store: DynAttachmentStore<C>,
    context: C,
) -> Outcome {
    let params = params();
    let mut ids = HashSet::new();
    for _ in 0..3 {
        let attachment = match store.create_attachment(&params, &context).await {
            Err(StoreError::NotSupported(_)) => return Ok(()),
            created => ok("create_attachment", created)?,
        };
        same("the name", &attachment.name(), &params.name.as_str())?;
        same(
            "the type",
            &attachment.mime_type(),
            &params.mime_type.as_str(),
        )?;
        if attachment.upload_descriptor().is_none() {
            return Err(broken("the upload descriptor", "one", shown(&attachment)));
        }
        ids.insert(attachment.id().to_owned());
    }
    same("different ids", &ids.len(), &3)
}

async fn deleting_attachments<C: Send + Sync + 'static>(
    store: DynAttachmentStore<C>,
    context: C,
) -> Outcome {
    let generated = store.generate_attachment_id("text/plain", &context);
    for id in [
        generated.as_str(),
        "",
        "..",
        "../../etc/passwd",
        "a/b",
        "%2e%2e",
        "日本",
        "a\0b",
    ] {
        let deleted = store.delete_attachment(id, &context).await;
        ok(&format!("delete_attachment({id:?})"), deleted)?;
    }
    Ok(())
}

async fn deleting_created_attachments<C: Send + Sync + 'static>(
    store: DynAttachmentStore<C>,
    context: C,
) -> Outcome {
    let attachment = match store.create_attachment(&params(), &context).await {
        Err(StoreError::NotSupported(_)) => return Ok(()),
        created => ok("create_attachment", created)?,
    };
    for time in ["", " again"] {
        let deleted = store.delete_attachment(attachment.id(), &context).await;
        ok(&format!("delete_attachment{time}"), deleted)?;
    }
    Ok(())
}
