//! What stops a server from starting.

use chatkit::attachments::AttachmentOptions;
use chatkit::attachments::object_store::memory::InMemory;

use crate::support::{Folder, SECRET, URL, User, options, threads};

async fn problem(options: AttachmentOptions<User>) -> String {
    let opened = options.open_bucket(InMemory::new(), threads()).await;
    opened.unwrap_err().to_string()
}

fn with(url: &str, secret: &[u8]) -> AttachmentOptions<User> {
    let owner = |user: &User| user.0.clone();
    AttachmentOptions::scoped(url, secret, owner, |owner| User(owner.to_owned()))
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let inside = file.join("attachments");
    let opened = options().open_folder(&inside, threads()).await;
    let error = opened.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(inside.to_str().unwrap()), "{text}");
    assert!(
        text.contains("create the folder, and let the user"),
        "{text}"
    );
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn a_missing_or_short_secret() {
    for secret in [&b""[..], b"short", &SECRET[1..]] {
        let text = problem(with(URL, secret)).await;
        assert!(text.contains("openssl rand -hex 32"), "{text}");
        assert!(text.contains(&format!("{} bytes", secret.len())), "{text}");
    }
    assert!(!format!("{:?}", options()).contains("7, 7"));
}

#[tokio::test]
async fn a_url_or_a_type_that_is_none() {
    for url in [
        "",
        "files",
        "/files",
        "ftp://files.test/files",
        "http://files.test/files?a=b",
    ] {
        let text = problem(with(url, &SECRET)).await;
        assert!(
            text.contains("https://chat.example.com/attachments"),
            "{url}: {text}"
        );
    }
    let text = problem(with("https://files.test", &SECRET)).await;
    assert!(text.contains("path of their own"), "{text}");
    for route in ["files", "/{files}", "/"] {
        assert!(
            problem(options().route(route)).await.contains("path"),
            "{route}"
        );
    }
    for kind in ["png", ".pdf", "image/p*"] {
        let text = problem(options().types([kind])).await;
        assert!(
            text.contains(&format!("{kind:?}")) && text.contains("image/*"),
            "{text}"
        );
    }
}
