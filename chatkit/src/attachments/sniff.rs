//! Whether bytes are what they are said to be.

/// How many bytes from the start say what a file is.
pub(super) const HEAD: usize = 8 * 1024;

/// A type as it is compared: in lower case, without parameters, by its usual name.
pub(super) fn essence(mime_type: &str) -> String {
    let essence = mime_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match essence.as_str() {
        "" => "application/octet-stream",
        "image/jpg" | "image/pjpeg" => "image/jpeg",
        "image/heic" => "image/heif",
        "audio/mp3" => "audio/mpeg",
        "audio/wav" | "audio/wave" | "audio/vnd.wave" => "audio/x-wav",
        "application/x-zip-compressed" => "application/zip",
        "application/x-pdf" => "application/pdf",
        "application/x-gzip" => "application/gzip",
        _ => return essence,
    }
    .to_owned()
}

/// Whether a type is well-formed enough to be a header and part of a URL.
pub(super) fn is_mime_type(essence: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    essence.len() <= 127
        && essence
            .split_once('/')
            .is_some_and(|(kind, name)| token(kind) && token(name))
}

/// Whether `kind` can be one of the types that are accepted: a type, or `image/*`, or `*/*`.
pub(super) fn is_accepted(kind: &str) -> bool {
    match kind.strip_suffix("/*") {
        Some("*") => true,
        Some(prefix) => is_mime_type(&format!("{prefix}/any")),
        None => is_mime_type(kind),
    }
}

/// Whether `essence` is one of `types`, where `image/*` stands for all images, and `*/*` for everything.
pub(super) fn is_among(essence: &str, types: &[String]) -> bool {
    types.iter().any(|known| match known.strip_suffix('*') {
        Some("*/") => true,
        Some(prefix) => essence.starts_with(prefix),
        None => known == essence,
    })
}

/// Whether browsers show the type as a picture that cannot run anything. SVG can.
pub(super) fn is_picture(essence: &str) -> bool {
    matches!(
        essence,
        "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif"
    )
}

/// Whether the type is text.
pub(super) fn is_text(essence: &str) -> bool {
    essence.starts_with("text/")
        || essence.ends_with("+xml")
        || essence.ends_with("+json")
        || matches!(
            essence,
            "application/json"
                | "application/xml"
                | "application/yaml"
                | "application/x-yaml"
                | "application/javascript"
                | "application/x-ndjson"
        )
}

/// The bytes are something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrongType;

/// Looks at bytes as they pass.
pub(super) struct Sniffer {
    declared: String,
    text: Option<Utf8>,
}

impl Sniffer {
    /// For bytes that are said to be of the type `essence`.
    pub(super) fn new(essence: String) -> Self {
        let text = is_text(&essence).then(Utf8::default);
        Self {
            declared: essence,
            text,
        }
    }

    /// Looks at the first [`HEAD`] bytes, or all if there are fewer.
    pub(super) fn head(&self, head: &[u8]) -> Result<(), WrongType> {
        let fits = if self.text.is_some() {
            // Two letters can look like an old image or program, so text is not looked up; a PDF can be all text.
            !infer::is_mime(head, "application/pdf")
        } else if self.declared == "application/octet-stream" {
            // Says nothing.
            true
        } else if infer::is_mime_supported(&self.declared) {
            infer::is_mime(head, &self.declared)
        } else {
            match infer::get(head) {
                None => true,
                // Many newer formats are archives or XML inside.
                Some(found) => matches!(
                    found.mime_type(),
                    "application/zip" | "application/gzip" | "text/xml"
                ),
            }
        };
        if fits { Ok(()) } else { Err(WrongType) }
    }

    /// Looks at the next bytes, the first included.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), WrongType> {
        match &mut self.text {
            Some(text) => text.feed(bytes),
            None => Ok(()),
        }
    }

    /// There are no more bytes.
    pub(super) fn finish(&self) -> Result<(), WrongType> {
        match &self.text {
            Some(text) if text.len > 0 => Err(WrongType),
            _ => Ok(()),
        }
    }
}

/// UTF-8 without zeros, whose characters may be cut anywhere.
#[derive(Default)]
struct Utf8 {
    /// The begun character.
    rest: [u8; 4],
    len: usize,
}

impl Utf8 {
    fn feed(&mut self, mut bytes: &[u8]) -> Result<(), WrongType> {
        if bytes.contains(&0) {
            return Err(WrongType);
        }
        while self.len > 0 {
            let Some((&next, others)) = bytes.split_first() else {
                return Ok(());
            };
            self.rest[self.len] = next;
            self.len += 1;
            bytes = others;
            match std::str::from_utf8(&self.rest[..self.len]) {
                Ok(_) => self.len = 0,
                // Three bytes at most are the begin of a character, so the fourth always fits.
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(WrongType),
            }
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_none() => {
                let rest = &bytes[error.valid_up_to()..];
                self.rest[..rest.len()].copy_from_slice(rest);
                self.len = rest.len();
                Ok(())
            }
            Err(_) => Err(WrongType),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn look(declared: &str, bytes: &[u8]) -> Result<(), WrongType> {
        let mut sniffer = Sniffer::new(essence(declared));
        sniffer.head(bytes)?;
        sniffer.feed(bytes)?;
        sniffer.finish()
    }

    #[test]
    fn bytes_must_be_what_they_are_said_to_be() {
        for (declared, bytes) in [
            ("image/png", PNG),
            ("IMAGE/PNG; a=b", PNG),
            ("image/jpg", b"\xff\xd8\xff\xe0"),
            ("application/pdf", b"%PDF-1.7"),
            ("text/plain", b"BMW and MZ are not programs"),
            ("text/plain; charset=utf-8", "\u{feff}äöü".as_bytes()),
            ("text/markdown", b""),
            ("text/html", b"<html></html>"),
            ("application/json", b"{}"),
            (
                "application/vnd.oasis.opendocument.text-flat-xml",
                b"<?xml version=\"1.0\"?>",
            ),
            ("application/x-own", b"own"),
            ("", PNG),
        ] {
            assert_eq!(look(declared, bytes), Ok(()), "{declared}");
        }
        for (declared, bytes) in [
            ("image/png", &b"<svg onload=alert(1)>"[..]),
            ("image/png", b"<html><script>"),
            ("image/png", b""),
            ("image/png", b"\xff\xd8\xff\xe0"),
            ("application/pdf", PNG),
            ("text/plain", PNG),
            ("text/plain", b"%PDF-1.7"),
            ("text/plain", b"zero\0"),
            ("text/plain", b"cut \xc3"),
            ("text/plain", b"latin \xe4 one"),
            ("application/x-own", PNG),
        ] {
            assert_eq!(look(declared, bytes), Err(WrongType), "{declared}");
        }
    }

    #[test]
    fn types_are_matched_by_name_and_by_kind() {
        let types = ["image/*".to_owned(), "application/pdf".to_owned()];
        for (mime_type, expected) in [
            ("image/png", true),
            ("application/pdf", true),
            ("application/pdfx", false),
            ("imagex/png", false),
            ("text/plain", false),
        ] {
            assert_eq!(is_among(mime_type, &types), expected, "{mime_type}");
        }
        assert!(is_among("a/b", &["*/*".to_owned()]));
        for (kind, expected) in [
            ("image/png", true),
            ("image/*", true),
            ("*/*", true),
            ("*", false),
            ("png", false),
            (".pdf", false),
            ("image/p*", false),
            ("*/png", false),
        ] {
            assert_eq!(is_accepted(kind), expected, "{kind}");
        }
        assert!(is_mime_type("application/vnd.ms-excel+x"));
        for bad in [
            "",
            "image",
            "image/",
            "/png",
            "image/p ng",
            "image/png\r\n",
            "a/b/c",
        ] {
            assert!(!is_mime_type(bad), "{bad:?}");
        }
        assert!(!is_picture("image/svg+xml") && !is_picture("text/html"));
    }

    proptest! {
        #[test]
        fn text_is_judged_the_same_however_it_is_cut(
            bytes in prop_oneof![
                any::<String>().prop_map(String::into_bytes),
                proptest::collection::vec(any::<u8>(), 0..40),
            ],
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
        ) {
            let mut sniffer = Sniffer::new("text/plain".to_owned());
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let passed = cuts
                .windows(2)
                .try_for_each(|cut| sniffer.feed(&bytes[cut[0]..cut[1]]))
                .and_then(|()| sniffer.finish());
            let valid = std::str::from_utf8(&bytes).is_ok() && !bytes.contains(&0);
            prop_assert_eq!(passed.is_ok(), valid);
        }
    }
}
