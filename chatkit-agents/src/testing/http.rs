//! As much of HTTP/1.1 as a scripted endpoint needs.

use std::io;

use tokio::io::AsyncReadExt;
use tokio::net::tcp::OwnedReadHalf;

const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;
/// Requests carry images; more than this is a mistake.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// A request as read from the connection.
pub(super) struct HttpRequest {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// The reading half of a connection, with what has been read ahead.
pub(super) struct Reader {
    socket: OwnedReadHalf,
    buffer: Vec<u8>,
}

impl Reader {
    pub(super) fn new(socket: OwnedReadHalf) -> Self {
        Self {
            socket,
            buffer: Vec::new(),
        }
    }

    /// The next request; `None` when the client closed the connection between requests.
    pub(super) async fn request(&mut self) -> io::Result<Option<HttpRequest>> {
        let (mut request, framing) = loop {
            if let Some((request, framing, length)) = parse_head(&self.buffer)? {
                self.buffer.drain(..length);
                break (request, framing);
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(malformed("the head is too long"));
            }
            if !self.fill().await? {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        };
        request.body = match framing {
            Framing::Length(length) => self.take(length).await?,
            Framing::Chunked => self.chunked_body().await?,
        };
        Ok(Some(request))
    }

    /// Waits until the client closes the connection. Cancel-safe: nothing is consumed.
    pub(super) async fn closed(&mut self) {
        let mut byte = [0];
        match self.socket.peek(&mut byte).await {
            Ok(0) | Err(_) => {}
            // The next request, sent early. The client is there.
            Ok(_) => std::future::pending().await,
        }
    }

    async fn chunked_body(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let (length, size) = loop {
                match httparse::parse_chunk_size(&self.buffer) {
                    Ok(httparse::Status::Complete((length, size))) => break (length, size),
                    Ok(httparse::Status::Partial) => self.must_fill().await?,
                    Err(_) => return Err(malformed("a chunk's size is malformed")),
                }
            };
            self.buffer.drain(..length);
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            if size.saturating_add(body.len()) > MAX_BODY {
                return Err(malformed("the body is too long"));
            }
            let mut chunk = self.take(size + 2).await?;
            if size == 0 {
                return Ok(body);
            }
            chunk.truncate(size);
            body.append(&mut chunk);
        }
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        if length > MAX_BODY {
            return Err(malformed("the body is too long"));
        }
        while self.buffer.len() < length {
            self.must_fill().await?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    async fn must_fill(&mut self) -> io::Result<()> {
        if self.fill().await? {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    async fn fill(&mut self) -> io::Result<bool> {
        Ok(self.socket.read_buf(&mut self.buffer).await? > 0)
    }
}

enum Framing {
    Length(usize),
    Chunked,
}

/// The head, how its body is framed, and the head's length; `None` while it is incomplete.
fn parse_head(bytes: &[u8]) -> io::Result<Option<(HttpRequest, Framing, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let length = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(malformed("the head is malformed")),
    };
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|header| {
            let value = String::from_utf8_lossy(header.value).into_owned();
            (header.name.to_ascii_lowercase(), value)
        })
        .collect();
    let find = |name| {
        let (_, value) = headers.iter().find(|(key, _)| key == name)?;
        Some(value.as_str())
    };
    let framing = match (find("transfer-encoding"), find("content-length")) {
        (Some(_), _) => Framing::Chunked,
        (None, Some(length)) => Framing::Length(
            length
                .trim()
                .parse()
                .map_err(|_| malformed("the content length is malformed"))?,
        ),
        (None, None) => Framing::Length(0),
    };
    let request = HttpRequest {
        method: head.method.unwrap_or_default().to_owned(),
        target: head.path.unwrap_or_default().to_owned(),
        headers,
        body: Vec::new(),
    };
    Ok(Some((request, framing, length)))
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The head of an answer.
pub(super) fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
    for (name, value) in headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// One chunk of a chunked body.
pub(super) fn chunk(data: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
    chunk.extend_from_slice(data);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// The end of a chunked body.
pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
