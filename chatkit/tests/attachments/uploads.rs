//! What works.

use chatkit::attachments::object_store::memory::InMemory;
use chatkit::store::Store;
use chatkit::types::UploadMethod;
use serde_json::json;

use crate::support::{
    FORM, Folder, PDF, PNG, Site, User, form, id, options, put_headers, upload_url,
};

#[tokio::test]
async fn an_image_in_two_phases_is_sent_read_and_shown() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let attachment = site.create("ann", "cat.png", "image/png", PNG.len()).await;
    assert_eq!(attachment["type"], "image");
    assert_eq!(attachment["name"], "cat.png");
    assert_eq!(attachment["mime_type"], "image/png");
    assert_eq!(attachment["preview_url"], "lazy");
    assert_eq!(attachment["upload_descriptor"]["method"], "PUT");
    assert_eq!(put_headers(&attachment), "content-type: image/png\r\n");

    let preview = json!({ "attachment_id": id(&attachment) });
    let early = site
        .ask("ann", "attachments.get_preview", preview.clone())
        .await;
    early.refused(400, "not uploaded yet");

    let answer = site.put(&attachment, PNG).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.headers.contains_key("x-request-id"));
    let uploaded = answer.json();
    assert_eq!(uploaded["id"], attachment["id"]);
    assert!(uploaded.get("upload_descriptor").is_none(), "{uploaded}");

    let stream = site.say("ann", id(&attachment)).await;
    let read = format!("You sent cat.png, {} bytes", PNG.len());
    assert!(stream.contains(&read), "{stream}");

    let shown = site.ask("ann", "attachments.get_preview", preview).await;
    let url = shown.json()["url"].as_str().unwrap().to_owned();
    let picture = site.get(&url).await;
    assert_eq!(picture.status, 200);
    assert_eq!(picture.body, PNG);
    assert_eq!(picture.headers["content-type"], "image/png");
    assert_eq!(picture.headers["content-disposition"], "inline");
    assert_eq!(picture.headers["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn a_form_is_the_other_way_in_two_phases() {
    let folder = Folder::new();
    let site = Site::with(options().upload_method(UploadMethod::Post), &folder).await;
    let attachment = site
        .create("ann", "a.pdf", "application/pdf", PDF.len())
        .await;
    assert_eq!(attachment["type"], "file");
    assert!(attachment.get("preview_url").is_none());
    assert_eq!(attachment["upload_descriptor"]["method"], "POST");
    assert_eq!(put_headers(&attachment), "");
    let form = form("other name.pdf", "application/pdf", PDF);
    let answer = site
        .send("POST", upload_url(&attachment), FORM, &form)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["name"], "a.pdf");
    let file = site
        .get_as("ann", &format!("/files/{}", id(&attachment)))
        .await;
    assert_eq!(file.body, PDF);
}

#[tokio::test]
async fn a_direct_upload_creates_the_attachment() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    for (name, kind, file, preview) in [
        ("cat.png", "image/png", PNG, true),
        (
            "a.txt",
            "text/plain;charset=utf-8",
            "Grüße".as_bytes(),
            false,
        ),
        ("empty.txt", "text/plain", b"", false),
    ] {
        let answer = site.post_form("ann", name, kind, file).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let attachment = answer.json();
        assert_eq!(attachment["name"], name);
        assert_eq!(attachment["preview_url"] == "lazy", preview, "{attachment}");
        let ann = User("ann".to_owned());
        let stored = site
            .store
            .load_attachment(id(&attachment), &ann)
            .await
            .unwrap();
        assert_eq!(serde_json::to_value(stored).unwrap(), attachment);
        let stream = site.say("ann", id(&attachment)).await;
        let read = format!("You sent {name}, {} bytes", file.len());
        assert!(stream.contains(&read), "{stream}");
    }
}

#[tokio::test]
async fn a_bucket_works_like_a_folder() {
    let site = Site::in_bucket(InMemory::new()).await;
    let image = site.uploaded("ann", "cat.png", "image/png", PNG).await;
    site.put(&image, PNG).await.refused(409, "already");
    let form = site.post_form("ann", "a.txt", "text/plain", b"text").await;
    assert_eq!(form.status, 200, "{}", form.text());
    for (id, bytes) in [(id(&image), PNG), (id(&form.json()), b"text")] {
        let file = site.get_as("ann", &format!("/files/{id}")).await;
        assert_eq!(file.body, bytes);
    }
    let deleted = json!({ "attachment_id": id(&image) });
    let answer = site.ask("ann", "attachments.delete", deleted).await;
    assert_eq!(answer.status, 200);
    let file = site.get_as("ann", &format!("/files/{}", id(&image))).await;
    file.refused(404, "not found");
}
