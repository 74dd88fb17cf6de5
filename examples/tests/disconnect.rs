//! Answers whose client has gone away.

use crate::support::{Example, create, thread_id, within};

const PROGRAM: &str = env!("CARGO_BIN_EXE_disconnect");

/// A thread with an answer that its client has left after the third word.
async fn left(example: &Example) -> String {
    let mut stream = example.open(&create("Count")).await;
    let events = stream.until(|event| event["update"]["delta"] == "3 ").await;
    thread_id(&events)
}

/// The answer, once it is stored.
async fn answer(example: &Example, thread_id: &str) -> String {
    within(async {
        loop {
            let items = example.items(thread_id).await;
            if let Some(answer) = items.get(1) {
                return answer["content"][0]["text"].as_str().unwrap().to_owned();
            }
        }
    })
    .await
}

#[tokio::test]
async fn by_default_the_answer_ends() {
    let example = Example::start(PROGRAM).await;
    let thread = left(&example).await;
    let answer = answer(&example, &thread).await;
    assert!(answer.starts_with("1 2 3 "), "{answer}");
    assert!(!answer.contains("50"), "{answer}");
}

#[tokio::test]
async fn it_can_go_on() {
    let example = Example::start_with(PROGRAM, &[("ON_DISCONNECT", "continue")]).await;
    let thread = left(&example).await;
    let answer = answer(&example, &thread).await;
    assert!(answer.ends_with("49 50 "), "{answer}");
}

#[tokio::test]
async fn what_goes_on_can_be_stopped() {
    let example = Example::start_with(PROGRAM, &[("ON_DISCONNECT", "continue")]).await;
    let thread = left(&example).await;
    let stop = async |thread: &str| {
        let path = format!("/stop/{thread}");
        let answer = example.request("POST", &path, &[], b"").await;
        (
            answer.status,
            String::from_utf8(answer.bytes().await).unwrap(),
        )
    };
    assert_eq!(stop(&thread).await, (200, "1 stopped".to_owned()));
    let answer = answer(&example, &thread).await;
    assert!(
        answer.starts_with("1 2 3 ") && !answer.contains("50"),
        "{answer}"
    );
    assert_eq!(stop(&thread).await, (200, "0 stopped".to_owned()));
    assert_eq!(stop("thr_x").await.0, 404);
}
