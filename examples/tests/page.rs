//! The page that examples serve.

use serde_json::{Value, json};

use crate::support::Example;

const PROGRAM: &str = env!("CARGO_BIN_EXE_showcase");

/// The value of a directive of a policy.
fn directive<'a>(policy: &'a str, name: &str) -> Vec<&'a str> {
    let directives = policy.split(';').map(str::split_whitespace);
    let mut found = directives.filter_map(|mut words| (words.next()? == name).then_some(words));
    found.next().into_iter().flatten().collect()
}

#[tokio::test]
async fn it_is_in_the_program_and_may_load_nothing_else() {
    let example = Example::start(PROGRAM).await;
    let page = example.request("GET", "/", &[], b"").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    let policy = page.headers["content-security-policy"].clone();
    assert_eq!(directive(&policy, "default-src"), ["'none'"]);
    assert_eq!(directive(&policy, "script-src"), ["'self'"]);
    assert_eq!(directive(&policy, "style-src"), ["'self'"]);
    assert_eq!(directive(&policy, "connect-src"), ["'self'"]);
    assert_eq!(directive(&policy, "img-src"), ["'self'", "data:", "blob:"]);

    let html = String::from_utf8(page.bytes().await).unwrap();
    assert!(!html.contains("http"), "{html}");
    for (path, content_type) in [
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
    ] {
        assert!(html.contains(&format!("\".{path}\"")), "{path}: {html}");
        let file = example.request("GET", path, &[], b"").await;
        assert_eq!(file.status, 200, "{path}");
        assert_eq!(file.headers["content-type"], content_type);
        assert_eq!(file.headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn a_file_is_sent_once() {
    let example = Example::start(PROGRAM).await;
    let first = example.request("GET", "/page.js", &[], b"").await;
    assert_eq!(first.headers["cache-control"], "no-cache");
    let known = [("if-none-match", first.headers["etag"].as_str())];
    let again = example.request("GET", "/page.js", &known, b"").await;
    assert_eq!(again.status, 304);
    assert_eq!(again.headers["etag"], first.headers["etag"]);
    assert_eq!(again.bytes().await, b"");
    let other = [("if-none-match", "\"another\"")];
    assert_eq!(
        example.request("GET", "/page.js", &other, b"").await.status,
        200
    );
}

#[tokio::test]
async fn its_settings_are_those_of_the_example() {
    let example = Example::start(PROGRAM).await;
    let answer = example.request("GET", "/page.json", &[], b"").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    let page: Value = serde_json::from_slice(&answer.bytes().await).unwrap();
    assert_eq!(page["title"], "Showcase");
    assert_eq!(
        page["api"],
        json!({"url": "/chatkit", "uploadStrategy": {"type": "two_phase"}})
    );
    assert_eq!(
        page["startScreen"]["prompts"][0],
        json!({"label": "An echo", "icon": "sparkle", "prompt": "hello"})
    );
    assert_eq!(
        page["composer"]["tools"][1],
        json!({"id": "think", "label": "Think longer", "icon": "lightbulb", "pinned": true, "persistent": true})
    );
    assert_eq!(page["composer"]["models"][0]["default"], true);
    assert_eq!(page["composer"]["models"][1]["default"], false);
}

#[tokio::test]
async fn with_a_domain_key_it_is_the_official_client() {
    let key = [("CHATKIT_DOMAIN_KEY", "domain_pk_test")];
    let example = Example::start_with(PROGRAM, &key).await;
    let settings = example.request("GET", "/page.json", &[], b"").await;
    let settings: Value = serde_json::from_slice(&settings.bytes().await).unwrap();
    assert_eq!(settings["api"]["domainKey"], "domain_pk_test");

    let mut nonces = Vec::new();
    for _ in 0..2 {
        let page = example.request("GET", "/", &[], b"").await;
        let policy = page.headers["content-security-policy"].clone();
        let script = directive(&policy, "script-src");
        assert!(script.contains(&"https://cdn.platform.openai.com"));
        assert!(!script.contains(&"'unsafe-inline'"));
        let nonce = script
            .iter()
            .find_map(|word| word.strip_prefix("'nonce-")?.strip_suffix('\''));
        let nonce = nonce.unwrap().to_owned();
        let html = String::from_utf8(page.bytes().await).unwrap();
        assert!(html.contains("https://cdn.platform.openai.com/deployments/chatkit/chatkit.js"));
        assert_eq!(
            html.matches("<script").count(),
            html.matches(&format!("<script nonce=\"{nonce}\"")).count()
        );
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}
