//! A bucket on S3: that everything works as in a folder, over HTTP, and what comes of its failures.

mod server;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chatkit::attachments::object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use chatkit::attachments::object_store::{BackoffConfig, RetryConfig};
use chatkit::attachments::{AttachmentConfigError, HttpClients};
use chatkit::store::Store;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::support::{
    Answer, FORM, PNG, SECRET, Site, User, form, id, options, put_headers, send_chunk, threads,
    upload_url, within,
};
use server::{BUCKET, Cut, Fault, KEY_ID, S3, SECRET_KEY};

const NOTHING: [&str; 0] = [];

const PART: usize = 5 * 1024 * 1024;

/// Two parts and a bit.
const LARGE: usize = 2 * PART + 1234;

fn builder(server: &S3) -> AmazonS3Builder {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(1),
        max_backoff: Duration::from_millis(2),
        base: 2.0,
    };
    AmazonS3Builder::new()
        .with_bucket_name(BUCKET)
        .with_endpoint(server.endpoint())
        .with_region("eu-west-1")
        .with_access_key_id(KEY_ID)
        .with_secret_access_key(SECRET_KEY)
        .with_http_connector(HttpClients)
        .with_retry(RetryConfig {
            backoff,
            max_retries: 2,
            retry_timeout: Duration::from_secs(60),
        })
}

fn bucket(server: &S3) -> AmazonS3 {
    builder(server).build().unwrap()
}

async fn site(server: &S3) -> Site {
    let site = Site::in_bucket(bucket(server)).await;
    assert_eq!(server.list(), NOTHING, "of the trial nothing is left");
    server.requests();
    site
}

fn text(size: usize) -> Vec<u8> {
    (0..size).map(|n| b'a' + (n % 23) as u8).collect()
}

/// The log of this thread while it is held.
struct Log {
    written: Arc<Mutex<Vec<u8>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Log {
    fn begin() -> Self {
        struct Writer(Arc<Mutex<Vec<u8>>>);
        impl Write for Writer {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let written = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&written);
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || Writer(Arc::clone(&writer)))
            .finish();
        Self {
            written,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    /// What was logged since the last call. Never a key, nor what signs URLs.
    fn take(&self) -> String {
        let written = std::mem::take(&mut *self.written.lock().unwrap());
        let text = String::from_utf8(written).unwrap();
        let secret = String::from_utf8(SECRET.to_vec()).unwrap();
        for planted in [SECRET_KEY, KEY_ID, &secret] {
            assert!(!text.contains(planted), "{text}");
        }
        text
    }
}

#[tokio::test]
async fn a_file_comes_is_sent_shown_and_deleted() {
    let log = Log::begin();
    let server = S3::start().await;
    let site = site(&server).await;
    let image = site.create("ann", "cat.png", "image/png", PNG.len()).await;
    let (file, mark) = (
        format!("files/{}", id(&image)),
        format!("unsent/{}", id(&image)),
    );
    assert_eq!(server.list(), std::slice::from_ref(&mark));
    let answer = site.put(&image, PNG).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(server.list(), [file.clone(), mark.clone()]);
    assert_eq!(server.object(&file).unwrap(), PNG);
    // What fits into a part takes one request.
    let puts = [
        format!("PutObject {mark}"),
        format!("PutObject claims/{}", id(&image)),
        format!("PutObject {file}"),
    ];
    let mut requests = server.requests();
    requests.retain(|request| request.starts_with("Put") || request.contains("Upload"));
    assert_eq!(requests, puts);
    site.put(&image, PNG).await.refused(409, "already");

    let stream = site.say("ann", id(&image)).await;
    assert!(
        stream.contains(&format!("You sent cat.png, {} bytes", PNG.len())),
        "{stream}"
    );
    let params = json!({ "attachment_id": id(&image) });
    let shown = site
        .ask("ann", "attachments.get_preview", params.clone())
        .await;
    let picture = site.get(shown.json()["url"].as_str().unwrap()).await;
    assert_eq!((picture.status, picture.body.as_slice()), (200, PNG));
    let foreign = site.get_as("bob", &format!("/files/{}", id(&image))).await;
    foreign.refused(404, "not found");

    let deleted = site.ask("ann", "attachments.delete", params).await;
    assert_eq!(deleted.status, 200, "{}", deleted.text());
    assert_eq!(server.list(), NOTHING);
    let gone = site.get_as("ann", &format!("/files/{}", id(&image))).await;
    gone.refused(404, "not found");
    assert!(log.take().contains("chatkit"), "there is a log");
}

#[tokio::test]
async fn a_large_file_goes_in_parts_either_way() {
    let server = S3::start().await;
    let site = site(&server).await;
    let file = text(LARGE);
    let attachment = site.uploaded("ann", "a.txt", "text/plain", &file).await;
    let direct = site.post_form("ann", "a.txt", "text/plain", &file).await;
    assert_eq!(direct.status, 200, "{}", direct.text());
    for id in [id(&attachment), id(&direct.json())] {
        let kept = site.get_as("ann", &format!("/files/{id}")).await;
        assert!(kept.body == file, "{id}");
    }
    let requests = server.requests();
    let count = |operation| {
        requests
            .iter()
            .filter(|request| request.starts_with(operation))
            .count()
    };
    assert_eq!(count("CreateMultipartUpload"), 2);
    assert_eq!(count("UploadPart"), 6);
    assert_eq!(count("CompleteMultipartUpload"), 2);
    assert_eq!(server.list().len(), 4, "two files and two marks");
}

#[tokio::test]
async fn an_upload_keeps_others_of_the_same_file_out() {
    let server = S3::start().await;
    let mut site = site(&server).await;
    let attachment = site.create("ann", "a.txt", "text/plain", 5).await;
    let headers = format!("{}transfer-encoding: chunked\r\n", put_headers(&attachment));
    let mut first = site.open("PUT", upload_url(&attachment), &headers).await;
    send_chunk(&mut first, b"123").await;
    let claim = format!("claims/{}", id(&attachment));
    within(async {
        while server.object(&claim).is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    site.put(&attachment, b"other")
        .await
        .refused(409, "already");
    send_chunk(&mut first, b"45").await;
    send_chunk(&mut first, b"").await;
    assert_eq!(Answer::read(first).await.status, 200);
    site.quiet_after(3).await;
    assert_eq!(
        server
            .object(&format!("files/{}", id(&attachment)))
            .unwrap(),
        "12345"
    );
    assert!(server.object(&claim).is_none());
}

#[tokio::test]
async fn orphans_are_found_on_every_page() {
    let server = S3::start().await;
    let site = site(&server).await;
    let sent = site.uploaded("ann", "sent.png", "image/png", PNG).await;
    site.say("ann", id(&sent)).await;
    for _ in 0..5 {
        site.uploaded("bob", "unsent.png", "image/png", PNG).await;
    }
    let hour = Duration::from_secs(60 * 60);
    assert_eq!(site.files.remove_orphans(hour).await.unwrap(), 0);
    assert_eq!(server.list().len(), 12);
    assert_eq!(site.files.remove_orphans(Duration::ZERO).await.unwrap(), 5);
    assert_eq!(server.list(), [format!("files/{}", id(&sent))]);
}

/// What can go wrong with a file of two parts, and what the log must say of it.
const FAULTS: [(&str, Fault, &str); 8] = [
    (
        "CreateMultipartUpload",
        Fault::Status(403, "AccessDenied"),
        "AccessDenied",
    ),
    (
        "CreateMultipartUpload",
        Fault::Status(500, "InternalError"),
        "500",
    ),
    (
        "UploadPart",
        Fault::Status(403, "AccessDenied"),
        "AccessDenied",
    ),
    ("UploadPart", Fault::Status(500, "InternalError"), "500"),
    ("UploadPart", Fault::Status(503, "SlowDown"), "SlowDown"),
    (
        "CompleteMultipartUpload",
        Fault::Status(403, "AccessDenied"),
        "AccessDenied",
    ),
    (
        "CompleteMultipartUpload",
        Fault::Status(400, "InvalidPart"),
        "InvalidPart",
    ),
    (
        "CompleteMultipartUpload",
        Fault::ErrorInBody,
        "InternalError",
    ),
];

#[tokio::test]
async fn a_large_upload_that_fails_leaves_nothing_half() {
    let log = Log::begin();
    let server = S3::start().await;
    let site = site(&server).await;
    let file = text(PART + 1);
    for (requests, fault, reason) in FAULTS {
        log.take();
        server.fail(requests, fault);
        let direct = site.post_form("ann", "a.txt", "text/plain", &file).await;
        direct.refused(500, "could not be stored");
        site.files.settle().await;
        assert_eq!(server.list(), NOTHING, "{requests} {fault:?}");
        let logged = log.take();
        assert!(logged.contains(reason), "{requests} {fault:?}: {logged}");
        assert!(
            logged.contains("an attachment could not be stored"),
            "{logged}"
        );
    }
    server.mend();

    // In two phases, the place stays for another try.
    let attachment = site.create("ann", "a.txt", "text/plain", file.len()).await;
    let mark = format!("unsent/{}", id(&attachment));
    for (requests, fault, _) in FAULTS {
        server.fail(requests, fault);
        site.put(&attachment, &file)
            .await
            .refused(500, "could not be stored");
        site.files.settle().await;
        assert_eq!(
            server.list(),
            std::slice::from_ref(&mark),
            "{requests} {fault:?}"
        );
    }
    server.mend();
    assert_eq!(site.put(&attachment, &file).await.status, 200);
    let kept = site
        .get_as("ann", &format!("/files/{}", id(&attachment)))
        .await;
    assert!(kept.body == file);
}

#[tokio::test]
async fn a_small_upload_that_fails_leaves_nothing_half() {
    let log = Log::begin();
    let server = S3::start().await;
    let site = site(&server).await;
    let ann = User("ann".to_owned());
    for place in ["unsent", "claims", "files"] {
        for (status, code) in [
            (403, "AccessDenied"),
            (500, "InternalError"),
            (503, "SlowDown"),
        ] {
            log.take();
            server.fail(&format!("PutObject {place}/"), Fault::Status(status, code));
            let direct = site.post_form("ann", "cat.png", "image/png", PNG).await;
            direct.refused(500, "could not be stored");
            site.files.settle().await;
            assert_eq!(server.list(), NOTHING, "{place} {code}");
            let logged = log.take();
            assert!(logged.contains(code), "{place} {code}: {logged}");
        }
    }
    // A place that cannot be made is not announced, and has no record.
    server.fail("PutObject unsent/", Fault::Status(403, "AccessDenied"));
    let params = json!({ "name": "a.txt", "size": 5, "mime_type": "text/plain" });
    let create = site.ask("ann", "attachments.create", params).await;
    assert_eq!(create.status, 500, "{}", create.text());
    assert!(!create.text().contains("AccessDenied"), "{}", create.text());
    assert!(log.take().contains("AccessDenied"));
    server.mend();
    let strays = site.store.load_stray_attachments(None, 9).await.unwrap();
    assert!(strays.is_empty(), "{strays:?}");
    assert!(site.store.load_attachment("atc", &ann).await.is_err());
}

#[tokio::test]
async fn a_broken_connection_is_made_again_or_fails_the_upload() {
    let log = Log::begin();
    let server = S3::start().await;
    let site = site(&server).await;
    let file = text(LARGE);
    // In the middle of the second part.
    let middle = Cut::Reading(7 * 1024 * 1024);
    server.cut_once(middle);
    let answer = site.post_form("ann", "a.txt", "text/plain", &file).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(server.is_cut());
    let file_id = id(&answer.json()).to_owned();
    let kept = site.get_as("ann", &format!("/files/{file_id}")).await;
    assert!(kept.body == file);

    log.take();
    server.cut(middle);
    let answer = site.post_form("ann", "b.txt", "text/plain", &file).await;
    answer.refused(500, "could not be stored");
    assert!(server.is_cut());
    site.files.settle().await;
    // While the bucket is away, its parts cannot be deleted; whoever reads the log knows.
    let logged = log.take();
    assert!(
        logged.contains("an attachment could not be stored"),
        "{logged}"
    );
    assert!(
        logged.contains("parts of a failed upload were not deleted"),
        "{logged}"
    );
    server.mend();
    let (whole, half): (Vec<_>, Vec<_>) = server
        .list()
        .into_iter()
        .filter(|key| key.starts_with("files/"))
        .partition(|key| !key.ends_with(" in parts"));
    assert_eq!(whole, [format!("files/{file_id}")]);
    assert_eq!(half.len(), 1, "which a rule of the bucket deletes");
    let file_and_rest = site.files.remove_orphans(Duration::ZERO).await.unwrap();
    assert_eq!(file_and_rest, 2);
    assert_eq!(server.list(), half);
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_parts_along() {
    let server = S3::start().await;
    let mut site = site(&server).await;
    let headers = format!("x-user: ann\r\n{FORM}content-length: 50000000\r\n");
    let mut socket = site.open("POST", "/files", &headers).await;
    let form = form("a.txt", "text/plain", &text(LARGE));
    socket.write_all(&form[..form.len() - 20]).await.unwrap();
    within(async {
        while !server.list().iter().any(|key| key.ends_with(" in parts")) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(socket);
    site.quiet_after(1).await;
    assert_eq!(server.list(), NOTHING);
}

#[tokio::test]
async fn a_download_that_breaks_goes_on_or_is_cut_short() {
    let server = S3::start().await;
    let site = site(&server).await;
    let file = text(LARGE);
    let attachment = site.uploaded("ann", "a.txt", "text/plain", &file).await;
    let url = format!("/files/{}", id(&attachment));
    let middle = Cut::Writing(LARGE / 2);
    server.requests();
    server.cut_once(middle);
    let whole = site.get_as("ann", &url).await;
    assert!(server.is_cut());
    assert!(whole.body == file);
    assert_eq!(server.requests().len(), 2, "the rest was asked for");

    server.cut(middle);
    let answer = site.get_as("ann", &url).await;
    assert_eq!(answer.headers["content-length"], LARGE.to_string());
    assert!(answer.body.len() < LARGE && file.starts_with(&answer.body));
    server.mend();
    for (status, code) in [(403, "AccessDenied"), (500, "InternalError")] {
        server.fail("GetObject", Fault::Status(status, code));
        let answer = site.get_as("ann", &url).await;
        answer.refused(500, "could not be read");
        assert!(!answer.text().contains(code), "{}", answer.text());
    }
}

#[tokio::test]
async fn what_cannot_be_deleted_is_deleted_later() {
    let log = Log::begin();
    let server = S3::start().await;
    let site = site(&server).await;
    let ann = User("ann".to_owned());
    let image = site.uploaded("ann", "cat.png", "image/png", PNG).await;
    let kept = [
        format!("files/{}", id(&image)),
        format!("unsent/{}", id(&image)),
    ];
    server.fail("DeleteObjects", Fault::Status(403, "AccessDenied"));
    log.take();
    let params = json!({ "attachment_id": id(&image) });
    let answer = site.ask("ann", "attachments.delete", params.clone()).await;
    assert_eq!(answer.status, 500, "{}", answer.text());
    assert!(log.take().contains("AccessDenied"));
    assert_eq!(server.list(), kept);
    assert!(site.store.load_attachment(id(&image), &ann).await.is_ok());
    assert!(site.files.remove_orphans(Duration::ZERO).await.is_err());
    assert_eq!(server.list(), kept);

    // No file keeps a thread.
    let stream = site.say("ann", id(&image)).await;
    let thread = site.store.load_attachment(id(&image), &ann).await.unwrap();
    let thread = thread.thread_id().unwrap().to_owned();
    assert!(stream.contains(&thread), "{stream}");
    log.take();
    let params = json!({ "thread_id": thread });
    let answer = site.ask("ann", "threads.delete", params).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(site.store.load_thread(&thread, &ann).await.is_err());
    let logged = log.take();
    assert!(
        logged.contains("a file of a deleted thread stays"),
        "{logged}"
    );
    assert!(logged.contains("AccessDenied"), "{logged}");
    assert!(site.files.remove_orphans(Duration::ZERO).await.is_err());
    assert_eq!(server.object(&kept[0]).unwrap(), PNG);
    server.mend();
    let hour = Duration::from_secs(60 * 60);
    assert_eq!(site.files.remove_orphans(hour).await.unwrap(), 1);
    assert_eq!(server.list(), NOTHING);
    assert!(site.store.load_attachment(id(&image), &ann).await.is_err());
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_stops_the_start() {
    let server = S3::start().await;
    let refused = async |bucket: AmazonS3| -> (AttachmentConfigError, String) {
        let error = options().open_bucket(bucket, threads()).await.unwrap_err();
        let mut text = String::new();
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            text.push_str(&format!("{error}\n"));
            cause = error.source();
        }
        assert!(
            !text.contains(SECRET_KEY) && !text.contains(KEY_ID),
            "{text}"
        );
        (error, text)
    };
    let there = "check its name, its region and the credentials";
    for (builder, reason) in [
        (
            builder(&server).with_access_key_id("AKIAOTHER"),
            "InvalidAccessKeyId",
        ),
        (
            builder(&server).with_bucket_name("other-files"),
            "NoSuchBucket",
        ),
        (
            builder(&server).with_conditional_put(S3ConditionalPut::Disabled),
            "conditional put",
        ),
        (
            builder(&server).with_endpoint("http://127.0.0.1:1"),
            "127.0.0.1:1",
        ),
    ] {
        let (error, causes) = refused(builder.build().unwrap()).await;
        assert!(error.to_string().contains(there), "{error}");
        assert!(causes.contains(reason), "{causes}");
    }
    server.fail("DeleteObjects", Fault::Status(403, "AccessDenied"));
    let (error, causes) = refused(bucket(&server)).await;
    assert!(
        error.to_string().contains("create, read, list and delete"),
        "{error}"
    );
    assert!(causes.contains("AccessDenied"), "{causes}");
}
