//! What is deleted, and what is never left.

use std::time::Duration;

use chatkit::store::Store;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::support::{
    Answer, FORM, Folder, PNG, Site, User, form, id, put_headers, send_chunk, upload_url, within,
};

const NOTHING: [&str; 0] = [];

/// Waits until an upload has come far enough to hold its place.
async fn claimed(folder: &Folder) {
    within(async {
        while !folder.list().iter().any(|path| path.starts_with("claims/")) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn deleting_removes_bytes_and_record() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let attachment = site.uploaded("ann", "cat.png", "image/png", PNG).await;
    let params = json!({ "attachment_id": id(&attachment) });
    let preview = site
        .ask("ann", "attachments.get_preview", params.clone())
        .await
        .json();
    for _ in 0..2 {
        let answer = site.ask("ann", "attachments.delete", params.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(folder.list(), NOTHING);
    }
    let ann = User("ann".to_owned());
    assert!(
        site.store
            .load_attachment(id(&attachment), &ann)
            .await
            .is_err()
    );
    site.get(preview["url"].as_str().unwrap())
        .await
        .refused(404, "not found");
    site.put(&attachment, PNG).await.refused(404, "not found");
    assert_eq!(folder.list(), NOTHING);
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    let folder = Folder::new();
    let mut site = Site::in_folder(&folder).await;
    // More than is written to the disk at once.
    let half = vec![b'a'; 1024 * 1024];
    let headers = format!("x-user: ann\r\n{FORM}content-length: 9000000\r\n");
    let mut socket = site.open("POST", "/files", &headers).await;
    let form = form("a.txt", "text/plain", &half);
    socket.write_all(&form[..form.len() - 20]).await.unwrap();
    claimed(&folder).await;
    drop(socket);
    site.quiet_after(1).await;
    assert_eq!(folder.list(), NOTHING);

    let attachment = site
        .create("ann", "a.txt", "text/plain", 2 * half.len())
        .await;
    let length = format!("content-length: {}\r\n", 2 * half.len());
    let headers = format!("{}{length}", put_headers(&attachment));
    let mut socket = site.open("PUT", upload_url(&attachment), &headers).await;
    socket.write_all(&half).await.unwrap();
    claimed(&folder).await;
    drop(socket);
    site.quiet_after(3).await;
    assert_eq!(folder.list(), [format!("unsent/{}", id(&attachment))]);
    // The place is free for another try.
    let answer = site.put(&attachment, &[&half[..], &half].concat()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn what_is_deleted_while_it_is_uploaded_leaves_nothing() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let attachment = site.create("ann", "a.txt", "text/plain", 5).await;
    let headers = format!("{}transfer-encoding: chunked\r\n", put_headers(&attachment));
    let mut socket = site.open("PUT", upload_url(&attachment), &headers).await;
    send_chunk(&mut socket, b"123").await;
    claimed(&folder).await;
    let params = json!({ "attachment_id": id(&attachment) });
    let answer = site.ask("ann", "attachments.delete", params).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    send_chunk(&mut socket, b"45").await;
    send_chunk(&mut socket, b"").await;
    Answer::read(socket).await.refused(404, "not found");
    site.files.settle().await;
    assert_eq!(folder.list(), NOTHING);
}

#[tokio::test]
async fn orphans_are_removed_and_nothing_else() {
    let folder = Folder::new();
    let site = Site::in_folder(&folder).await;
    let ann = User("ann".to_owned());
    let sent = site.uploaded("ann", "sent.png", "image/png", PNG).await;
    site.say("ann", id(&sent)).await;
    let unsent = site.uploaded("ann", "unsent.png", "image/png", PNG).await;
    let direct = site
        .post_form("bob", "direct.png", "image/png", PNG)
        .await
        .json();
    let waiting = site
        .create("ann", "waiting.png", "image/png", PNG.len())
        .await;
    // What a crash in mid-upload leaves.
    let crashed = folder.files().join("files").join("atc_crashed#1");
    std::fs::write(&crashed, "half").unwrap();

    let hour = Duration::from_secs(60 * 60);
    assert_eq!(site.files.remove_orphans(hour).await.unwrap(), 0);
    assert_eq!(
        site.get_as("ann", &format!("/files/{}", id(&unsent)))
            .await
            .body,
        PNG
    );
    assert!(crashed.exists());

    assert_eq!(site.files.remove_orphans(Duration::ZERO).await.unwrap(), 3);
    assert_eq!(folder.list(), [format!("files/{}", id(&sent))]);
    assert_eq!(site.files.remove_orphans(Duration::ZERO).await.unwrap(), 0);
    for attachment in [&unsent, &waiting] {
        assert!(
            site.store
                .load_attachment(id(attachment), &ann)
                .await
                .is_err()
        );
    }
    let bob = User("bob".to_owned());
    assert!(site.store.load_attachment(id(&direct), &bob).await.is_err());
    site.put(&waiting, PNG).await.refused(404, "not found");
    let file = site.get_as("ann", &format!("/files/{}", id(&sent))).await;
    assert_eq!(file.body, PNG);
    // A file that was sent can still be deleted.
    let params = json!({ "attachment_id": id(&sent) });
    site.ask("ann", "attachments.delete", params).await;
    assert_eq!(folder.list(), NOTHING);
}
