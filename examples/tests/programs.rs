//! The examples that are no servers: they answer one question and end.

use std::process::Stdio;

use tokio::process::Command;

use crate::support::within;

/// What a program prints, run without any variable.
async fn printed(program: &str) -> String {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).kill_on_drop(true);
    let output = within(command.output()).await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn first_agent() {
    let said = printed(env!("CARGO_BIN_EXE_first_agent")).await;
    assert_eq!(said, "It is raining in Paris. Take an umbrella.\n");
}

#[tokio::test]
async fn structured_output() {
    let said = printed(env!("CARGO_BIN_EXE_structured_output")).await;
    assert_eq!(
        said,
        "2027-03-03: Going through the plans (Ann, Bob, Cid), somewhere\n"
    );
}

#[tokio::test]
async fn multi_agent() {
    let said = printed(env!("CARGO_BIN_EXE_multi_agent")).await;
    assert_eq!(
        said,
        "-- Reception\n-- Orders\nI am sorry. You get a new teapot or your money, as you like.\n"
    );
}

#[tokio::test]
async fn mcp() {
    let said = printed(env!("CARGO_BIN_EXE_mcp")).await;
    assert_eq!(said, "Yes: \"To the Lighthouse\", shelf W.\n");
}
