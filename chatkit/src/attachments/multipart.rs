//! The file of a multipart form (RFC 7578), read as it arrives.
//!
//! The usual crate for it takes whatever its stream has ready into memory; this one holds one piece of the body and the
//! length of a delimiter.

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use memchr::memmem;

use super::error::UploadError;

/// The name of the field that holds the file.
const FIELD: &str = "file";

/// The most bytes that may surround the file: other fields, headers, what comes before and after.
pub(super) const MOST_AROUND: usize = 64 * 1024;

/// A form, of which only the field `file` is read.
pub(super) struct Multipart<S> {
    body: S,
    buffer: BytesMut,
    /// A line break, two hyphens and the boundary: what ends a part.
    delimiter: Vec<u8>,
    /// How many more bytes may be around the file.
    around: usize,
    over: bool,
}

/// What the form says of its file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FilePart {
    pub(super) name: String,
    pub(super) mime_type: Option<String>,
}

impl<S: Stream<Item = Result<Bytes, UploadError>> + Unpin> Multipart<S> {
    /// Reads a body of this content type, which must be a form with a boundary.
    pub(super) fn new(content_type: &str, body: S) -> Result<Self, UploadError> {
        let boundary = content_type
            .split_once(';')
            .filter(|(kind, _)| kind.trim().eq_ignore_ascii_case("multipart/form-data"))
            .and_then(|(_, parameters)| parameter(parameters, "boundary"))
            .filter(|boundary| (1..=70).contains(&boundary.len()))
            .ok_or(UploadError::Invalid(
                "the content type must be multipart/form-data with a boundary",
            ))?;
        Ok(Self {
            body,
            // The first delimiter may be at the very start, without its line break.
            buffer: BytesMut::from(&b"\r\n"[..]),
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            around: MOST_AROUND,
            over: false,
        })
    }

    /// Goes to the file. Its bytes are then what [`chunk`](Self::chunk) gives.
    pub(super) async fn file(&mut self) -> Result<FilePart, UploadError> {
        loop {
            // What comes before the first part, or a part that is not wanted.
            while let Some(skipped) = self.chunk().await? {
                self.spend(skipped.len())?;
            }
            if self.over {
                return Err(UploadError::Invalid("the form has no field `file`"));
            }
            let headers = self.headers().await?;
            if let Some(part) = file_part(&headers) {
                return Ok(part);
            }
        }
    }

    /// The next bytes of the present part; `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, UploadError> {
        loop {
            if let Some(end) = memmem::find(&self.buffer, &self.delimiter) {
                if end > 0 {
                    return Ok(Some(self.buffer.split_to(end).freeze()));
                }
                let _ = self.buffer.split_to(self.delimiter.len());
                self.end_of_delimiter().await?;
                return Ok(None);
            }
            // The last bytes may be the begin of a delimiter.
            let sure = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
            if sure > 0 {
                return Ok(Some(self.buffer.split_to(sure).freeze()));
            }
            self.fill().await?;
        }
    }

    /// Reads what comes after the file, so that the connection can go on.
    pub(super) async fn finish(mut self) -> Result<(), UploadError> {
        self.spend(self.buffer.len())?;
        while let Some(piece) = self.body.next().await {
            self.spend(piece?.len())?;
        }
        Ok(())
    }

    /// Two hyphens end the form; a line break begins a part. Between may be white space.
    async fn end_of_delimiter(&mut self) -> Result<(), UploadError> {
        loop {
            match &self.buffer[..] {
                [b'-', b'-', ..] => {
                    self.over = true;
                    return Ok(());
                }
                [b'\r', b'\n', ..] => {
                    let _ = self.buffer.split_to(2);
                    return Ok(());
                }
                [b' ' | b'\t', ..] => {
                    let _ = self.buffer.split_to(1);
                    self.spend(1)?;
                }
                [] | [b'-' | b'\r'] => self.fill().await?,
                _ => return Err(UploadError::Invalid("the form is not well-formed")),
            }
        }
    }

    async fn headers(&mut self) -> Result<Bytes, UploadError> {
        let mut searched = 0;
        loop {
            // A part without headers begins with the empty line.
            if self.buffer.starts_with(b"\r\n") {
                return Ok(self.buffer.split_to(2).freeze());
            }
            if let Some(end) = memmem::find(&self.buffer[searched..], b"\r\n\r\n") {
                let headers = self.buffer.split_to(searched + end + 4).freeze();
                self.spend(headers.len())?;
                return Ok(headers);
            }
            if self.buffer.len() > self.around {
                return Err(too_much());
            }
            searched = self.buffer.len().saturating_sub(3);
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), UploadError> {
        match self.body.next().await {
            Some(piece) => self.buffer.extend_from_slice(&piece?),
            None => return Err(UploadError::Incomplete),
        }
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), UploadError> {
        self.around = self.around.checked_sub(bytes).ok_or_else(too_much)?;
        Ok(())
    }
}

fn too_much() -> UploadError {
    UploadError::Invalid("the form has too much besides the file")
}

/// What the headers of a part say, if it is the file.
fn file_part(headers: &[u8]) -> Option<FilePart> {
    let headers = String::from_utf8_lossy(headers);
    let value = |wanted: &str| {
        headers.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then_some(value.trim())
        })
    };
    let (_, parameters) = value("content-disposition")?.split_once(';')?;
    if parameter(parameters, "name")? != FIELD {
        return None;
    }
    let name = parameter(parameters, "filename").unwrap_or_default();
    Some(FilePart {
        // How browsers write what cannot be in a quoted string.
        name: name
            .replace("%22", "\"")
            .replace("%0D", "\r")
            .replace("%0A", "\n"),
        mime_type: value("content-type").map(str::to_owned),
    })
}

/// A parameter of a header: a token, or a quoted string in which a backslash escapes a quotation mark.
fn parameter(mut parameters: &str, wanted: &str) -> Option<String> {
    loop {
        parameters = parameters.trim_start_matches([' ', '\t', ';']);
        let (name, rest) = parameters.split_once('=')?;
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => {
                let end = rest.find(';').unwrap_or(rest.len());
                (rest[..end].trim().to_owned(), &rest[end..])
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        parameters = rest;
    }
}

fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                value.push('"');
                characters.next();
            }
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, stream};
    use proptest::prelude::*;

    const TYPE: &str = "multipart/form-data; boundary=XX";

    type Read = Result<(FilePart, Vec<u8>), UploadError>;

    fn read(content_type: &str, pieces: impl IntoIterator<Item = Vec<u8>>) -> Read {
        let pieces: Vec<_> = pieces.into_iter().map(|piece| Ok(piece.into())).collect();
        let read = async {
            let mut form = Multipart::new(content_type, stream::iter(pieces))?;
            let part = form.file().await?;
            let mut bytes = Vec::new();
            while let Some(chunk) = form.chunk().await? {
                bytes.extend_from_slice(&chunk);
            }
            form.finish().await?;
            Ok((part, bytes))
        };
        read.now_or_never().unwrap()
    }

    fn form(name: &str, file: &[u8]) -> Vec<u8> {
        let mut form = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--XX\r\n\
             content-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n"
        )
        .into_bytes();
        form.extend_from_slice(file);
        form.extend_from_slice(b"\r\n--XX--\r\n");
        form
    }

    fn message(read: Read) -> String {
        read.unwrap_err().to_string()
    }

    #[test]
    fn the_file_is_found_among_other_fields() {
        let (part, bytes) = read(TYPE, [form("cat \\\" %22.png", b"\r\n--X\r\n--")]).unwrap();
        assert_eq!(part.name, "cat \" \".png");
        assert_eq!(part.mime_type.as_deref(), Some("image/png"));
        assert_eq!(bytes, b"\r\n--X\r\n--");

        let (part, bytes) = read(
            "Multipart/Form-Data; charset=utf-8; boundary=\"X X\"",
            [b"--X X \r\nContent-Disposition: form-data; filename=a.txt; name=file\r\n\r\n\r\n--X X--".to_vec()],
        )
        .unwrap();
        assert_eq!(
            part,
            FilePart {
                name: "a.txt".to_owned(),
                mime_type: None
            }
        );
        assert_eq!(bytes, b"");
    }

    #[test]
    fn what_is_no_form_with_a_file_is_refused() {
        for content_type in [
            "",
            "multipart/form-data",
            "text/plain; boundary=a",
            "multipart/form-data; boundary=",
        ] {
            assert!(
                message(read(content_type, [])).contains("boundary"),
                "{content_type}"
            );
        }
        for body in [
            "",
            "--XX",
            "--XX\r\n",
            "--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\ncut",
        ] {
            assert!(
                message(read(TYPE, [body.into()])).contains("ended early"),
                "{body}"
            );
        }
        assert!(message(read(TYPE, [b"--XX--".to_vec()])).contains("`file`"));
        assert!(message(read(TYPE, [b"--XXY".to_vec()])).contains("well-formed"));
    }

    #[test]
    fn what_is_around_the_file_is_bounded() {
        let much = || vec![b'x'; MOST_AROUND + 1];
        let pieces = |parts: [Vec<u8>; 3]| message(read(TYPE, parts));
        let disposition = b"\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
        for parts in [
            [much(), b"\r\n--XX".to_vec(), disposition.to_vec()],
            [b"--XX\r\nx: ".to_vec(), much(), disposition.to_vec()],
            [
                b"--XX\r\nx: y\r\n\r\n".to_vec(),
                much(),
                b"\r\n--XX".to_vec(),
            ],
            [
                b"--XX".to_vec(),
                [disposition, &b"\r\n--XX--"[..]].concat(),
                much(),
            ],
        ] {
            assert!(pieces(parts).contains("too much"));
        }
    }

    proptest! {
        #[test]
        fn a_form_reads_the_same_however_it_is_cut(
            file in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'X'), any::<u8>()], 0..60),
            size in 1..20_usize,
        ) {
            // Nothing but a delimiter may end the file.
            prop_assume!(memmem::find(&file, b"\r\n--XX").is_none());
            let whole = form("a.png", &file);
            let (_, bytes) = read(TYPE, whole.chunks(size).map(<[u8]>::to_vec)).unwrap();
            prop_assert_eq!(bytes, file);
        }

        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200), size in 1..20_usize) {
            let _ = read(TYPE, body.chunks(size).map(<[u8]>::to_vec));
            let _ = read(TYPE, [b"--XX\r\n".to_vec(), body]);
        }

        #[test]
        fn no_header_makes_it_panic(header in any::<String>()) {
            let _ = parameter(&header, "name");
            let _ = file_part(format!("content-disposition: form-data; {header}\r\n\r\n").as_bytes());
        }
    }
}
