//! Files on disk, from their upload to the model.

use serde_json::{Value, json};

use crate::support::{
    Directory, Example, FORM, add, create, form, input, request, said, thread_id,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_attachments");
const PICTURE: &[u8] = include_bytes!("../showcase/pictures/done.png");
const PDF: &[u8] = b"%PDF-1.4\n%%EOF\n";

async fn start(directory: &Directory) -> Example {
    let (database, files) = (directory.database(), directory.path("files"));
    let variables = [("DATABASE_URL", &*database), ("ATTACHMENTS", &*files)];
    Example::start_with(PROGRAM, &variables).await
}

/// Uploads a file in one request, and gives its record.
async fn upload(reader: &Example, name: &str, mime_type: &str, bytes: &[u8]) -> (u16, Value) {
    let body = form(name, mime_type, bytes);
    let answer = reader.request("POST", "/attachments", &FORM, &body).await;
    (
        answer.status,
        serde_json::from_slice(&answer.bytes().await).unwrap(),
    )
}

/// A message with files.
fn with(files: &[&Value]) -> Value {
    let mut message = input("What is this?");
    message["attachments"] = files.iter().map(|file| file["id"].clone()).collect();
    request("threads.create", json!({"input": message}))
}

/// The path of a URL of this server.
fn path(reader: &Example, url: &Value) -> String {
    let url = url.as_str().unwrap();
    url.strip_prefix(&reader.url).unwrap().to_owned()
}

#[tokio::test]
async fn an_image_in_two_phases_reaches_the_model_and_has_a_preview() {
    let directory = Directory::new("attachments-image");
    let reader = start(&directory).await;
    let params = json!({"name": "hill.png", "size": PICTURE.len(), "mime_type": "image/png"});
    let image = reader.get(&request("attachments.create", params)).await;
    let upload = &image["upload_descriptor"];
    assert_eq!(upload["method"], "PUT");
    let place = path(&reader, &upload["url"]);
    let headers = [("content-type", "image/png")];
    // The signature is for this user, this file and its size.
    let forged = place.replace("signature=", "signature=x");
    let refused = reader.request("PUT", &forged, &headers, PICTURE).await;
    assert_eq!(refused.status, 403);
    let uploaded = reader.request("PUT", &place, &headers, PICTURE).await;
    assert_eq!(uploaded.status, 200);

    let events = reader.stream(&with(&[&image])).await;
    let seen = format!(
        "I have got:\n\n- an image: image/png, {} bytes",
        PICTURE.len()
    );
    assert_eq!(said(&events), [seen.as_str()]);
    let file = directory.path(&format!("files/files/{}", image["id"].as_str().unwrap()));
    assert_eq!(std::fs::read(file).unwrap(), PICTURE);
    let thread = thread_id(&events);
    drop(reader);

    // Another process has the thread, the preview and the bytes.
    let reader = start(&directory).await;
    let sent = reader.items(&thread).await[0]["attachments"][0].clone();
    assert_eq!(sent["name"], "hill.png");
    let params = json!({"attachment_id": sent["id"]});
    let preview = reader
        .get(&request("attachments.get_preview", params))
        .await;
    let preview = path(&reader, &preview["url"]);
    let preview = reader.request("GET", &preview, &[], b"").await;
    assert_eq!(preview.headers["content-type"], "image/png");
    assert_eq!(preview.bytes().await, PICTURE);
    let events = reader.stream(&add(&thread, "And before?")).await;
    assert_eq!(said(&events), [seen.as_str()]);
}

#[tokio::test]
async fn a_pdf_and_a_text_uploaded_directly_reach_the_model() {
    let directory = Directory::new("attachments-direct");
    let reader = start(&directory).await;
    let (status, pdf) = upload(&reader, "bill.pdf", "application/pdf", PDF).await;
    assert_eq!(status, 200, "{pdf}");
    let text = "Grüße\naus Rom".as_bytes();
    let (status, text) = upload(&reader, "card.txt", "text/plain", text).await;
    assert_eq!(status, 200, "{text}");
    let events = reader.stream(&with(&[&pdf, &text])).await;
    let seen = "I have got:\n\n- the file bill.pdf: application/pdf, 15 bytes\n- a text of 15 bytes that begins: Grüße";
    assert_eq!(said(&events), [seen]);

    // Without a file there is nothing to see.
    let events = reader.stream(&create("What is this?")).await;
    let seen = "I have got no file. Attach one: an image, a PDF or a text.";
    assert_eq!(said(&events), [seen]);
}

#[tokio::test]
async fn what_is_no_picture_of_the_kind_is_refused() {
    let directory = Directory::new("attachments-refused");
    let reader = start(&directory).await;
    for (name, mime_type, bytes) in [
        ("page.html", "text/html", b"<p>".as_slice()),
        ("hill.png", "image/png", b"no picture"),
    ] {
        let (status, answer) = upload(&reader, name, mime_type, bytes).await;
        assert_eq!(status, 415, "{name}");
        assert!(answer["message"].is_string(), "{answer}");
    }
}
