//! What is not taken, and not given.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use chatkit::attachments::object_store::memory::InMemory;
use chatkit::store::{AttachmentStore, Store};
use chatkit::types::AttachmentCreateParams;
use futures::{StreamExt, stream};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tower::ServiceExt;

use crate::support::{
    Answer, FORM, Folder, PNG, Site, User, authenticate, form, id, options, put_headers, threads,
    upload_url,
};

#[tokio::test]
async fn too_much_and_too_little_are_refused_and_leave_nothing() {
    let folder = Folder::new();
    let site = Site::with(options().max_bytes(100), &folder).await;
    let params = json!({ "name": "a.txt", "size": 101, "mime_type": "text/plain" });
    let create = site.ask("ann", "attachments.create", params).await;
    create.refused(400, "larger than 100 bytes");
    let direct = site
        .post_form("ann", "a.txt", "text/plain", &[b'a'; 101])
        .await;
    direct.refused(413, "larger than 100 bytes");
    let user = format!("x-user: ann\r\n{FORM}");
    let huge = form("a.txt", "text/plain", &[b'a'; 5000]);
    site.send_chunked("POST", "/files", &user, &huge)
        .await
        .refused(413, "larger");
    site.files.settle().await;
    assert_eq!(folder.list(), [""; 0]);

    let attachment = site.create("ann", "a.txt", "text/plain", 10).await;
    let unsent = format!("unsent/{}", id(&attachment));
    let (url, headers) = (upload_url(&attachment), put_headers(&attachment));
    site.put(&attachment, &[b'a'; 11])
        .await
        .refused(413, "larger than 10 bytes");
    site.put(&attachment, &[b'a'; 9])
        .await
        .refused(400, "smaller");
    for (size, status) in [(11, 413), (9, 400)] {
        let answer = site
            .send_chunked("PUT", url, &headers, &vec![b'a'; size])
            .await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    site.files.settle().await;
    assert_eq!(folder.list(), [unsent.as_str()]);
    // The place is still there for what was announced.
    assert_eq!(site.put(&attachment, &[b'a'; 10]).await.status, 200);
}

#[tokio::test]
async fn bytes_must_be_of_the_type_that_was_said() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    for kind in [
        "image/svg+xml",
        "text/html",
        "application/x-msdownload",
        "png",
    ] {
        let params = json!({ "name": "a.png", "size": 1, "mime_type": kind });
        let answer = site.ask("ann", "attachments.create", params).await;
        answer.refused(400, "not accepted");
        let answer = site.post_form("ann", "a.png", kind, PNG).await;
        answer.refused(415, "not accepted");
    }
    let html = b"<html><script>alert(1)</script>";
    let answer = site.post_form("ann", "a.png", "image/png", html).await;
    answer.refused(415, "not of the type");
    let attachment = site.create("ann", "a.png", "image/png", html.len()).await;
    site.put(&attachment, html)
        .await
        .refused(415, "not of the type");
    let other = "content-type: image/gif\r\n";
    let answer = site.send("PUT", upload_url(&attachment), other, html).await;
    answer.refused(415, "not of the type");
    let form = form("a.gif", "image/gif", html);
    let answer = site
        .send("POST", upload_url(&attachment), FORM, &form)
        .await;
    assert_eq!(answer.status, 415, "{}", answer.text());
    site.files.settle().await;
    assert_eq!(folder.list(), [format!("unsent/{}", id(&attachment))]);
}

#[tokio::test]
async fn an_expired_url_is_refused() {
    let folder = Folder::new();
    let options = options()
        .upload_lifetime(Duration::ZERO)
        .read_lifetime(Duration::ZERO);
    let site = Site::with(options, &folder).await;
    let attachment = site.create("ann", "cat.png", "image/png", PNG.len()).await;
    site.put(&attachment, PNG).await.refused(403, "expired");
    // The owner may still do it with a sign-in.
    let headers = format!("x-user: ann\r\n{}", put_headers(&attachment));
    let target = format!("/files/{}", id(&attachment));
    assert_eq!(site.send("PUT", &target, &headers, PNG).await.status, 200);
    let preview = json!({ "attachment_id": id(&attachment) });
    let preview = site
        .ask("ann", "attachments.get_preview", preview)
        .await
        .json();
    let picture = site.get(preview["url"].as_str().unwrap()).await;
    picture.refused(403, "expired");
}

#[tokio::test]
async fn a_url_works_once() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let attachment = site.uploaded("ann", "a.txt", "text/plain", b"first").await;
    site.put(&attachment, b"other")
        .await
        .refused(409, "already");
    let target = format!("/files/{}", id(&attachment));
    assert_eq!(site.get_as("ann", &target).await.body, b"first");
    // Nor once it is sent, which stores the record again.
    site.say("ann", id(&attachment)).await;
    site.put(&attachment, b"other")
        .await
        .refused(409, "already");
    assert_eq!(site.get_as("ann", &target).await.body, b"first");
}

#[tokio::test]
async fn of_two_uploads_at_a_time_one_is_taken() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let attachment = site.create("ann", "a.txt", "text/plain", 5).await;
    let (url, headers) = (upload_url(&attachment), put_headers(&attachment));
    let headers = format!("{headers}content-length: 5\r\n");
    let claim = folder.files().join("claims").join(id(&attachment));
    let mut first = site.open("PUT", url, &headers).await;
    first.write_all(b"fir").await.unwrap();
    crate::support::within(async {
        while !claim.exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    site.put(&attachment, b"other")
        .await
        .refused(409, "already");
    first.write_all(b"st").await.unwrap();
    assert_eq!(Answer::read(first).await.status, 200);
    let file = site
        .get_as("ann", &format!("/files/{}", id(&attachment)))
        .await;
    assert_eq!(file.body, b"first");
}

#[tokio::test]
async fn a_tampered_url_is_refused() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let mine = site.create("ann", "a.txt", "text/plain", 5).await;
    let other = site.create("ann", "b.txt", "text/plain", 5).await;
    let bobs = site.create("bob", "b.txt", "text/plain", 5).await;
    let larger = site.create("ann", "b.txt", "text/plain", 6).await;
    let url = upload_url(&mine);
    let (_, signature) = url.rsplit_once("signature=").unwrap();
    let (_, rest) = url.split_once("expires=").unwrap();
    let (expires, _) = rest.split_once('&').unwrap();
    let later = (expires.parse::<i64>().unwrap() + 1).to_string();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let tampered = [
        url.replace(id(&mine), id(&other)),
        url.replace(id(&mine), id(&bobs)),
        url.replace(id(&mine), id(&larger)),
        url.replace(expires, &later),
        url.replace(expires, ""),
        url.replace(signature, ""),
        url.replace(signature, &format!("{flipped}{}", &signature[1..])),
        url.replace(signature, &format!("{signature}A")),
    ];
    let headers = put_headers(&mine);
    for tampered in &tampered {
        assert_ne!(tampered, url);
        let answer = site.send("PUT", tampered, &headers, b"12345").await;
        answer.refused(403, "not valid");
    }
    // What allows an upload allows nothing else, and what shows a picture no download.
    site.get(url).await.refused(403, "not valid");
    let image = site.uploaded("ann", "cat.png", "image/png", PNG).await;
    let preview = json!({ "attachment_id": id(&image) });
    let preview = site
        .ask("ann", "attachments.get_preview", preview)
        .await
        .json();
    let preview = preview["url"].as_str().unwrap();
    assert_eq!(site.get(preview).await.status, 200);
    site.get(&preview.replace("/preview?", "?"))
        .await
        .refused(403, "not valid");
    let html = preview.replace("type=image%2Fpng", "type=text%2Fhtml");
    assert_ne!(html, preview);
    site.get(&html).await.refused(403, "not valid");
}

#[tokio::test]
async fn what_is_anothers_is_not_found() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let waiting = site.create("ann", "a.txt", "text/plain", 5).await;
    let image = site.uploaded("ann", "cat.png", "image/png", PNG).await;
    let bob = format!("x-user: bob\r\n{}", put_headers(&waiting));
    let target = format!("/files/{}", id(&waiting));
    site.send("PUT", &target, &bob, b"12345")
        .await
        .refused(404, "not found");
    for target in ["", "/preview"].map(|place| format!("/files/{}{place}", id(&image))) {
        assert_eq!(site.get_as("ann", &target).await.status, 200);
        site.get_as("bob", &target).await.refused(404, "not found");
        site.get(&target).await.refused(401, "Please sign in.");
    }
    let image_id = json!({ "attachment_id": id(&image) });
    let preview = site
        .ask("bob", "attachments.get_preview", image_id.clone())
        .await;
    assert_eq!(preview.status, 404);
    let before = folder.list();
    site.ask("bob", "attachments.delete", image_id).await;
    assert_eq!(folder.list(), before);
    let answer = site.say("bob", id(&image)).await;
    assert!(answer.contains("attachment not found"), "{answer}");
    // Bob's upload of his own changes nothing of Ann's either.
    let ann = User("ann".to_owned());
    let attachment = site.store.load_attachment(id(&image), &ann).await.unwrap();
    assert_eq!(attachment.thread_id(), None);
}

#[tokio::test]
async fn ids_and_names_stay_where_they_belong() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let secret = folder.path().join("secret.txt");
    std::fs::write(&secret, "secret").unwrap();
    for id in [
        "..%2f..%2fsecret.txt",
        "%2e%2e%2f%2e%2e%2fsecret.txt",
        "..%5c..%5csecret.txt",
        "..",
        "%2fetc%2fpasswd",
        "a%00b",
        "a%23",
        "%ff",
    ] {
        for (method, place) in [("GET", ""), ("GET", "/preview"), ("PUT", ""), ("POST", "")] {
            let target = format!("/files/{id}{place}");
            let headers = format!("x-user: ann\r\n{FORM}");
            let answer = site.send(method, &target, &headers, b"12345").await;
            assert!(
                [400, 404, 405].contains(&answer.status),
                "{target} {}",
                answer.status
            );
            assert!(!answer.text().contains("secret"), "{}", answer.text());
        }
    }
    for id in ["../../secret.txt", "../secret.txt", "/etc/passwd", ""] {
        let params = json!({ "attachment_id": id });
        site.ask("ann", "attachments.delete", params.clone()).await;
        let preview = site.ask("ann", "attachments.get_preview", params).await;
        assert_eq!(preview.status, 404);
    }
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "secret");
    assert_eq!(folder.list(), [""; 0]);

    for name in ["../../secret.txt", "..\\..\\secret.txt", "/secret.txt"] {
        let attachment = site.uploaded("ann", name, "text/plain", b"harmless").await;
        assert_eq!(attachment["name"], "secret.txt");
        let direct = site.post_form("ann", name, "text/plain", b"harmless").await;
        assert_eq!(direct.json()["name"], "secret.txt");
    }
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), "secret");
    assert!(folder.list().iter().all(|path| !path.contains("secret")));
}

#[tokio::test]
async fn nobody_uploads_without_a_sign_in() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let form = form("a.txt", "text/plain", b"12345");
    let answer = site.send("POST", "/files", FORM, &form).await;
    answer.refused(401, "Please sign in.");
    let attachment = site.create("ann", "a.txt", "text/plain", 5).await;
    let target = format!("/files/{}", id(&attachment));
    let answer = site
        .send("PUT", &target, &put_headers(&attachment), b"12345")
        .await;
    answer.refused(401, "Please sign in.");
    // A panic there is contained.
    let answer = site
        .post_form("panic", "a.txt", "text/plain", b"12345")
        .await;
    answer.refused(500, "An error occurred");
    assert_eq!(folder.list(), [format!("unsent/{}", id(&attachment))]);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_upload_ends() {
    let store = threads();
    let patience = Duration::from_secs(5);
    let options = options().client_patience(patience);
    let files = options
        .open_bucket(InMemory::new(), store.clone())
        .await
        .unwrap();
    let ann = User("ann".to_owned());
    let params = AttachmentCreateParams::new("a.txt", 5_u64, "text/plain");
    let attachment = files.create_attachment(&params, &ann).await.unwrap();
    store.save_attachment(&attachment, &ann).await.unwrap();
    let url = attachment
        .upload_descriptor()
        .unwrap()
        .url
        .as_str()
        .to_owned();
    let router = files.router(authenticate);
    let put = |body| {
        let request = Request::put(&url)
            .header("content-type", "text/plain")
            .body(body)
            .unwrap();
        router.clone().oneshot(request)
    };
    let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"123"))]);
    let began = tokio::time::Instant::now();
    let answer = put(Body::from_stream(begun.chain(stream::pending())))
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(began.elapsed(), patience);
    // It holds the place no longer.
    files.settle().await;
    assert_eq!(
        put(Body::from("12345")).await.unwrap().status(),
        StatusCode::OK
    );
}
