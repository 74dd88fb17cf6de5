//! Images as files.

use serde_json::json;

use crate::support::{Directory, Example, add, answer, create, labels, said, thread_id};

const FINE: &[u8] = include_bytes!("../showcase/pictures/done.png");
const COARSE: &[u8] = include_bytes!("../showcase/pictures/partial.png");

#[tokio::test]
async fn images_are_kept_as_files() {
    let directory = Directory::new("images");
    let files = directory.path("files");
    let variables = [("IMAGES", files.as_str())];
    let painter = Example::start_with(env!("CARGO_BIN_EXE_images"), &variables).await;
    let events = painter.stream(&create("A hill")).await;
    let shown = answer(&events);
    assert_eq!(
        labels(&shown[..4]),
        [
            "thread.item.added generated_image",
            "thread.item.updated generated_image.updated",
            "thread.item.updated generated_image.updated",
            "thread.item.done generated_image",
        ]
    );
    let progress = [&shown[1], &shown[2]].map(|event| &event["update"]["progress"]);
    assert_eq!(progress, [&json!(0.0), &json!(0.5)]);

    let path = |url: &serde_json::Value| {
        let url = url.as_str().unwrap();
        url.strip_prefix(&painter.url).unwrap().to_owned()
    };
    let get = async |path: &str| {
        let answer = painter.request("GET", path, &[], b"").await;
        (answer.status, answer.bytes().await)
    };
    let partial = path(&shown[1]["update"]["image"]["url"]);
    assert_eq!(get(&partial).await, (200, COARSE.to_vec()));
    let done = path(&shown[3]["item"]["image"]["url"]);
    assert_eq!(get(&done).await, (200, FINE.to_vec()));
    assert_eq!(get("/pictures/nothing").await.0, 404);
    assert_eq!(get("/pictures/..%2F..%2FCargo").await.0, 404);

    // The model gets the file back with the history.
    let events = painter.stream(&add(&thread_id(&events), "Another")).await;
    assert_eq!(said(&events), ["Here it is. I have seen 1 before."]);
    assert_eq!(std::fs::read_dir(files).unwrap().count(), 6);
}
