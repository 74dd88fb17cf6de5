//! The names by which models call the tools of servers.

use std::collections::HashSet;

/// The longest name of a function that the Responses API takes.
const LONGEST: usize = 64;

/// The names of a server's tools for the model, in the same order.
///
/// With a `server` they are `mcp_{server}__{tool}`. What is no letter, digit, `_` or `-` becomes `_`. A name that is too
/// long, or that two tools would share, ends in eight digits that depend on nothing but the two names.
pub(super) fn public_names(server: Option<&str>, tools: &[&str]) -> Vec<String> {
    let base: Vec<String> = tools.iter().map(|tool| base(server, tool)).collect();
    let mut once = HashSet::new();
    let twice: HashSet<&String> = base.iter().filter(|name| !once.insert(*name)).collect();
    base.iter()
        .zip(tools)
        .map(|(name, tool)| {
            // A tool whose name is its own keeps it: one that a server lists twice is the run's to settle.
            let given = server.is_none() && name == tool;
            if name.len() <= LONGEST && (given || !twice.contains(name)) {
                return name.clone();
            }
            let suffix = format!("_{:08x}", hash(server.unwrap_or_default(), tool));
            let stem = &name[..name.len().min(LONGEST - suffix.len())];
            format!("{}{suffix}", stem.trim_end_matches(['_', '-']))
        })
        .collect()
}

fn base(server: Option<&str>, tool: &str) -> String {
    match server {
        Some(server) => format!("mcp_{}__{}", part(server, "server"), part(tool, "tool")),
        None if tool.bytes().all(is_allowed) && !tool.is_empty() => tool.to_owned(),
        None => part(tool, "tool"),
    }
}

fn part(name: &str, otherwise: &str) -> String {
    let safe: String = name
        .chars()
        .map(|char| match u8::try_from(char) {
            Ok(byte) if is_allowed(byte) => char,
            _ => '_',
        })
        .collect();
    match safe.trim_matches(['_', '-']) {
        "" => otherwise.to_owned(),
        safe => safe.to_owned(),
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// FNV-1a: the same in every process and version, so that what a model has called stays callable.
fn hash(server: &str, tool: &str) -> u32 {
    let bytes = server.bytes().chain([0]).chain(tool.bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_the_api_takes_stays() {
        assert_eq!(public_names(None, &["get_it", "_x-1"]), ["get_it", "_x-1"]);
        assert_eq!(public_names(None, &["same", "same"]), ["same", "same"]);
    }

    #[test]
    fn a_name_that_the_api_refuses_is_changed() {
        assert_eq!(public_names(None, &["a.b/c", "é"]), ["a_b_c", "tool"]);
        let names = public_names(None, &["a.b", "a_b"]);
        assert!(names[0].starts_with("a_b_"), "{names:?}");
        assert_eq!(names[1], "a_b");
    }

    #[test]
    fn the_server_is_in_the_name() {
        let names = public_names(Some("My files!"), &["read", "-write-"]);
        assert_eq!(names, ["mcp_My_files__read", "mcp_My_files__write"]);
    }

    #[test]
    fn names_that_would_be_one_differ() {
        let names = public_names(Some("s"), &["a.b", "a_b", "c"]);
        assert!(names[0].starts_with("mcp_s__a_b_"), "{names:?}");
        assert!(names[1].starts_with("mcp_s__a_b_"), "{names:?}");
        assert_ne!(names[0], names[1]);
        assert_eq!(names[2], "mcp_s__c");
        assert_eq!(names, public_names(Some("s"), &["a.b", "a_b", "c"]));
    }

    #[test]
    fn a_long_name_is_cut() {
        let long = "x".repeat(80);
        let other = format!("{long}y");
        let names = public_names(Some("s"), &[&long, &other]);
        assert!(names.iter().all(|name| name.len() == LONGEST), "{names:?}");
        assert_ne!(names[0], names[1]);
        assert_eq!(public_names(None, &[&"y".repeat(64)]), ["y".repeat(64)]);
    }
}
