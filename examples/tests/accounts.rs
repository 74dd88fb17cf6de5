//! Users who are kept apart, on both databases.

use chatkit::testing::PostgresCluster;
use serde_json::{Value, json};

use crate::support::{Directory, Example, add, create, request, said, thread_id};

const PROGRAM: &str = env!("CARGO_BIN_EXE_accounts");
const SECRET: &str = "a secret of the tests, for the tests";
const EVENTS: &str = "text/event-stream";

async fn start(database: &str, secret: &str) -> Example {
    let variables = [("DATABASE_URL", database), ("SESSION_SECRET", secret)];
    Example::start_with(PROGRAM, &variables).await
}

/// Someone with a cookie, or with none.
struct Visitor<'a> {
    shop: &'a Example,
    cookie: String,
}

impl<'a> Visitor<'a> {
    /// Signs in.
    async fn new(shop: &'a Example, user: &str) -> Self {
        let answer = shop
            .request("POST", &format!("/sign-in/{user}"), &[], b"")
            .await;
        assert_eq!((answer.status, &*answer.headers["location"]), (303, "/"));
        let (cookie, attributes) = answer.headers["set-cookie"].split_once("; ").unwrap();
        assert!(
            attributes.contains("HttpOnly; SameSite=Strict"),
            "{attributes}"
        );
        Self::with(shop, cookie)
    }

    fn with(shop: &'a Example, cookie: &str) -> Self {
        let cookie = format!("cookie: other=1; {cookie}\r\n");
        Self { shop, cookie }
    }

    /// Asks for a document.
    async fn ask(&self, request: &Value) -> (u16, Value) {
        let body = request.to_string();
        let answer = self.shop.post_with("*/*", &self.cookie, body.as_bytes());
        let answer = answer.await;
        let status = answer.status;
        (
            status,
            serde_json::from_slice(&answer.bytes().await).unwrap(),
        )
    }

    /// Asks for a stream.
    async fn stream(&self, request: &Value) -> Vec<Value> {
        let body = request.to_string();
        let answer = self.shop.post_with(EVENTS, &self.cookie, body.as_bytes());
        answer.await.events().await
    }

    /// The ids of the threads that there are for this one.
    async fn threads(&self) -> Vec<String> {
        let (status, page) = self.ask(&request("threads.list", json!({}))).await;
        assert_eq!(status, 200, "{page}");
        let threads = page["data"].as_array().unwrap();
        let ids = threads.iter().map(|thread| thread["id"].as_str().unwrap());
        ids.map(str::to_owned).collect()
    }
}

async fn each_has_their_own(database: &str) {
    let shop = start(database, SECRET).await;
    let (ada, bob) = (
        Visitor::new(&shop, "ada").await,
        Visitor::new(&shop, "bob").await,
    );
    let events = ada.stream(&create("What have I ordered?")).await;
    assert_eq!(said(&events), ["You have ordered a teapot."]);
    let of_ada = thread_id(&events);
    let events = bob.stream(&create("What have I ordered?")).await;
    assert_eq!(said(&events), ["You have ordered two cups."]);
    let of_bob = thread_id(&events);
    assert_eq!(ada.threads().await, [of_ada.as_str()]);
    assert_eq!(bob.threads().await, [of_bob.as_str()]);

    // To Bob, Ada's thread is not there, whatever he tries.
    let get = request("threads.get_by_id", json!({"thread_id": of_ada}));
    let (status, answer) = bob.ask(&get).await;
    let not_found = (404, &json!("thread not found"));
    assert_eq!((status, &answer["message"]), not_found);
    // A thread that is not there has no items, and is deleted already.
    let items = request("items.list", json!({"thread_id": of_ada}));
    assert_eq!(bob.ask(&items).await.1["data"], json!([]));
    bob.ask(&request("threads.delete", json!({"thread_id": of_ada})))
        .await;
    assert_eq!(ada.threads().await, [of_ada.as_str()]);
    let rename = json!({"thread_id": of_ada, "title": "Bob's"});
    assert_eq!(bob.ask(&request("threads.update", rename)).await.0, 404);
    let events = bob.stream(&add(&of_ada, "Hello, Ada")).await;
    assert_eq!(events.last().unwrap()["type"], "error");
    let (_, items) = ada.ask(&items).await;
    assert_eq!(items["data"].as_array().unwrap().len(), 2, "{items}");
    let cookie = ada.cookie;
    drop(shop);

    // A session and its threads outlive the process, where the secret does.
    let shop = start(database, SECRET).await;
    let ada = Visitor {
        shop: &shop,
        cookie,
    };
    assert_eq!(ada.threads().await, [of_ada.as_str()]);
    let cookie = ada.cookie;
    let shop = start(database, &SECRET.to_uppercase()).await;
    let ada = Visitor {
        shop: &shop,
        cookie,
    };
    let (status, _) = ada.ask(&request("threads.list", json!({}))).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn each_has_their_own_threads_on_sqlite() {
    let directory = Directory::new("accounts");
    each_has_their_own(&directory.database()).await;
}

/// Where PostgreSQL is not installed this says so, and is no test; with `CI` set it fails there.
#[tokio::test]
async fn each_has_their_own_threads_on_postgresql() {
    let Some(cluster) = PostgresCluster::start_if_installed().unwrap() else {
        eprintln!("skipped: PostgreSQL is not installed");
        return;
    };
    each_has_their_own(&cluster.url()).await;
}

#[tokio::test]
async fn a_session_cannot_be_made_up() {
    let shop = start("sqlite::memory:", SECRET).await;
    let list = request("threads.list", json!({}));
    let ada = Visitor::new(&shop, "ada").await;
    assert_eq!(ada.ask(&list).await.0, 200);
    let (_, session) = ada.cookie.trim_end().split_once("session=").unwrap();
    let (claim, signature) = session.rsplit_once('.').unwrap();
    let (_, expires) = claim.split_once('.').unwrap();
    let refused = json!({"message": "Please sign in."});
    for forged in [
        String::new(),
        "session=ada".to_owned(),
        format!("session=bob.{expires}.{signature}"),
        format!("session=ada.{expires}0.{signature}"),
        format!("session={claim}.{}", signature.to_uppercase()),
    ] {
        let someone = Visitor::with(&shop, &forged);
        assert_eq!(someone.ask(&list).await, (401, refused.clone()), "{forged}");
        let events = someone.stream(&create("Hello")).await;
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0]["message"], "Please sign in.");
    }
    let nobody = shop.request("POST", "/sign-in/root", &[], b"").await;
    assert_eq!(nobody.status, 404);

    // A session is not yet a permission.
    let eve = Visitor::new(&shop, "eve").await;
    let suspended = json!({"message": "Your account is suspended."});
    assert_eq!(eve.ask(&list).await, (403, suspended));
}

#[tokio::test]
async fn who_has_not_signed_in_gets_the_form() {
    let shop = start("sqlite::memory:", SECRET).await;
    let page = async |cookie: &str| {
        let answer = shop.request("GET", "/", &[("cookie", cookie)], b"").await;
        String::from_utf8(answer.bytes().await).unwrap()
    };
    assert!(page("").await.contains("<title>Sign in</title>"));
    let ada = Visitor::new(&shop, "ada").await;
    let (_, cookie) = ada.cookie.trim_end().split_once(": ").unwrap();
    assert!(page(cookie).await.contains("page.js"));
    let out = shop.request("POST", "/sign-out", &[], b"").await;
    assert!(out.headers["set-cookie"].starts_with("session=; Path=/; Max-Age=0"));
}

#[tokio::test]
async fn answers_are_counted_for_each_user() {
    let shop = start("sqlite::memory:", SECRET).await;
    let (ada, bob) = (
        Visitor::new(&shop, "ada").await,
        Visitor::new(&shop, "bob").await,
    );
    let body = create("Wait, please").to_string();
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let mut answer = shop.post_with(EVENTS, &ada.cookie, body.as_bytes()).await;
        answer
            .until(|event| event["type"] == "stream_options")
            .await;
        waiting.push(answer);
    }
    let events = ada.stream(&create("And this?")).await;
    let error = events.last().unwrap();
    assert_eq!(error["type"], "error", "{events:?}");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("too many answers in progress")
    );
    let events = bob.stream(&create("And this?")).await;
    assert_eq!(said(&events), ["You said: And this?"]);
}
