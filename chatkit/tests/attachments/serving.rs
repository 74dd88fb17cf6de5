//! How files are given.

use chatkit::store::Store;
use serde_json::json;

use crate::support::{Folder, PNG, Site, User, id, options};

#[tokio::test]
async fn what_can_run_scripts_is_only_downloaded() {
    let folder = Folder::new();
    let site = Site::with(options().types(["*/*"]), &folder).await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let html = b"<html><script>alert(1)</script></html>";
    for (name, kind, file) in [
        ("a.svg", "image/svg+xml", &svg[..]),
        ("a.html", "text/html", html),
        ("a.bin", "", html),
    ] {
        let answer = site.post_form("ann", name, kind, file).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let attachment = answer.json();
        assert_eq!(attachment["type"], "file");
        let preview = json!({ "attachment_id": id(&attachment) });
        let preview = site.ask("ann", "attachments.get_preview", preview).await;
        preview.refused(400, "no preview");
        let target = format!("/files/{}", id(&attachment));
        let preview = site.get_as("ann", &format!("{target}/preview")).await;
        preview.refused(404, "not found");

        let file_answer = site.get_as("ann", &target).await;
        assert_eq!(file_answer.status, 200);
        assert_eq!(file_answer.body, file);
        let headers = &file_answer.headers;
        let disposition = format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}");
        assert_eq!(headers["content-disposition"], disposition);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; sandbox"
        );
    }
}

#[tokio::test]
async fn a_signed_download_needs_no_sign_in() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let created = site
        .uploaded("ann", "Grüße \"1\".txt", "text/plain", "Grüße".as_bytes())
        .await;
    let ann = User("ann".to_owned());
    let attachment = site
        .store
        .load_attachment(id(&created), &ann)
        .await
        .unwrap();
    let url = site.files.download_url(&attachment).unwrap();
    let file = site.get(url.as_str()).await;
    assert_eq!(file.status, 200, "{}", file.text());
    assert_eq!(file.text(), "Grüße");
    assert_eq!(file.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(
        file.headers["content-disposition"],
        "attachment; filename=\"Gr__e _1_.txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.txt"
    );
    let seconds = file.headers["cache-control"]
        .strip_prefix("private, max-age=")
        .unwrap();
    assert!(
        (3500..=3600).contains(&seconds.parse::<u32>().unwrap()),
        "{seconds}"
    );
    let renamed = url.as_str().replace(".txt", ".exe");
    site.get(&renamed).await.refused(403, "not valid");
}

#[tokio::test]
async fn a_reader_sets_its_limit() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let created = site.create("ann", "cat.png", "image/png", PNG.len()).await;
    let ann = User("ann".to_owned());
    let attachment = site
        .store
        .load_attachment(id(&created), &ann)
        .await
        .unwrap();
    let missing = site.files.read(&attachment, 1000).await.unwrap_err();
    assert_eq!(missing.to_string(), "attachment not found");
    site.put(&created, PNG).await;
    let size = PNG.len() as u64;
    assert_eq!(site.files.read(&attachment, size).await.unwrap(), PNG);
    let larger = site.files.read(&attachment, size - 1).await.unwrap_err();
    assert!(larger.to_string().contains("larger"), "{larger}");
}

#[tokio::test]
async fn what_cannot_be_read_says_so() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let created = site.uploaded("ann", "cat.png", "image/png", PNG).await;
    // A file where the folder of the bytes was.
    let bytes = folder.files().join("files");
    std::fs::remove_dir_all(&bytes).unwrap();
    std::fs::write(&bytes, "").unwrap();
    for place in ["", "/preview"] {
        let target = format!("/files/{}{place}", id(&created));
        let answer = site.get_as("ann", &target).await;
        answer.refused(500, "the file could not be read");
    }
    let next = site.create("ann", "dog.png", "image/png", PNG.len()).await;
    let answer = site.put(&next, PNG).await;
    answer.refused(500, "the file could not be stored");
}
