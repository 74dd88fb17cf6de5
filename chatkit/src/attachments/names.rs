//! Ids and file names that cannot do harm.

use http::HeaderValue;

/// What is left of a name that has nothing usable.
const NAMELESS: &str = "file";

/// The most bytes of a name that are kept: what file systems take, less what a browser adds.
const LONGEST_NAME: usize = 200;

/// Whether an id can be the name of an object as it is: no separators, no dots, nothing to escape.
pub(super) fn is_safe_id(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The file's own name: without folders, control characters, and characters that turn the direction of writing, which
/// make `exe.png` of `gnp.exe`. Never empty.
pub(super) fn clean_name(name: &str) -> String {
    let own = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = own.chars().filter(|&c| is_visible(c)).collect();
    let name = name.trim().trim_end_matches('.');
    if name.trim_start_matches('.').is_empty() {
        return NAMELESS.to_owned();
    }
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    // The extension says what the file is, so the middle goes.
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if (1..=20).contains(&extension.len()) => (stem, extension),
        _ => return cut(name, LONGEST_NAME).to_owned(),
    };
    let stem = cut(stem, LONGEST_NAME - extension.len() - 1);
    format!("{stem}.{extension}")
}

fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// `content-disposition` of RFC 6266: the name in ASCII for those who know nothing else, and in the form of RFC 5987.
pub(super) fn content_disposition(kind: &str, name: &str) -> HeaderValue {
    let name = clean_name(name);
    let ascii: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            ' '..='~' => c,
            _ => '_',
        })
        .collect();
    let mut encoded = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    let value = format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}");
    // Nothing but visible ASCII is in it.
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_leave_their_folder() {
        for id in ["atc_0123", "a", "A-b_9", &"x".repeat(128)] {
            assert!(is_safe_id(id), "{id}");
        }
        let long = "x".repeat(129);
        for id in [
            "", ".", "..", "../a", "a/b", "a\\b", "a%2fb", "a.b", "a#1", "a b", "a\0", "ä", "C:",
            &long,
        ] {
            assert!(!is_safe_id(id), "{id}");
        }
    }

    #[test]
    fn names_are_the_last_part_of_a_path() {
        for (name, clean) in [
            ("cat.png", "cat.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\cat.png", "cat.png"),
            ("..", "file"),
            ("", "file"),
            ("a/", "file"),
            (" \u{202e}gnp.exe\r\n", "gnp.exe"),
            (".env", ".env"),
            ("Ärger 🐈.txt", "Ärger 🐈.txt"),
        ] {
            assert_eq!(clean_name(name), clean, "{name:?}");
        }
        let long = clean_name(&format!("{}.jpeg", "ä".repeat(500)));
        assert!(
            long.len() <= LONGEST_NAME && long.ends_with("ä.jpeg"),
            "{long}"
        );
        assert!(clean_name(&"ä".repeat(500)).len() <= LONGEST_NAME);
    }

    #[test]
    fn dispositions_hold_one_name_and_no_more() {
        for (name, header) in [
            (
                "cat.png",
                r#"attachment; filename="cat.png"; filename*=UTF-8''cat.png"#,
            ),
            (
                "a\"; filename=\"b.html",
                r#"attachment; filename="a_; filename=_b.html"; filename*=UTF-8''a%22%3B%20filename%3D%22b.html"#,
            ),
            (
                "x\r\nset-cookie: a",
                r#"attachment; filename="xset-cookie: a"; filename*=UTF-8''xset-cookie%3A%20a"#,
            ),
            (
                "ä%.txt",
                r#"attachment; filename="__.txt"; filename*=UTF-8''%C3%A4%25.txt"#,
            ),
        ] {
            assert_eq!(content_disposition("attachment", name), header);
        }
    }
}
