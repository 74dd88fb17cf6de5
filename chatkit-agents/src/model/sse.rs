//! Incremental decoding of server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>).

use std::borrow::Cow;
use std::ops::Range;

use super::error::{ModelError, ModelErrorKind};

/// How much of the buffer stays between events, in bytes.
const IDLE_CAPACITY: usize = 1024;

/// Turns byte chunks into events, however the bytes are cut.
///
/// Each byte is looked at once and copied once, into the decoder's buffer; an event borrows its
/// data from there. So the cost is linear in the bytes, even for a large event in small chunks.
///
/// ```
/// use chatkit_agents::model::SseDecoder;
///
/// let mut decoder = SseDecoder::new(1024);
/// decoder.push(b"data: {\"a\"");
/// assert!(decoder.next_event().unwrap().is_none());
/// decoder.push(b":1}\n\n: keep-alive\n\n");
/// assert_eq!(decoder.next_event().unwrap().unwrap().data, "{\"a\":1}");
/// assert!(decoder.next_event().unwrap().is_none());
/// ```
#[derive(Debug)]
pub struct SseDecoder {
    buffer: Vec<u8>,
    /// Where the line that is not complete yet begins; before it, everything has been read.
    line: usize,
    /// Up to where that line has been searched for its end.
    searched: usize,
    /// The last line ended with CR at the end of the buffer: an LF that follows belongs to it.
    after_cr: bool,
    at_start: bool,
    event: Pending,
    max_event_bytes: usize,
}

/// The event being read. Ranges point into the buffer.
#[derive(Debug, Default)]
struct Pending {
    name: Option<Range<usize>>,
    /// The only `data` line, which is the usual case.
    data: Option<Range<usize>>,
    /// All `data` lines, joined with LF, once there are several.
    joined: Option<Vec<u8>>,
    /// Bytes of the event so far.
    bytes: usize,
}

/// One server-sent event with data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SseEvent<'a> {
    /// The `event` field.
    pub name: Option<Cow<'a, str>>,
    /// The `data` lines, joined with LF. Bytes that are not UTF-8 are replaced by U+FFFD.
    pub data: Cow<'a, str>,
}

enum Line {
    Blank,
    Field,
}

impl SseDecoder {
    /// A decoder that refuses events of more than `max_event_bytes` bytes.
    #[must_use]
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            buffer: Vec::new(),
            line: 0,
            searched: 0,
            after_cr: false,
            at_start: true,
            event: Pending::default(),
            max_event_bytes,
        }
    }

    /// Adds bytes as they came from the network. Call [`next_event`](Self::next_event) until it
    /// returns `None` before adding more.
    pub fn push(&mut self, chunk: &[u8]) {
        self.discard();
        self.buffer.extend_from_slice(chunk);
    }

    /// The next complete event that has data; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`ModelErrorKind::TooLarge`] when the event that is being read exceeds the limit. The decoder
    /// is of no use afterwards.
    pub fn next_event(&mut self) -> Result<Option<SseEvent<'_>>, ModelError> {
        while let Some(range) = self.next_line() {
            // The line's end counts too, so that empty lines cannot come for free.
            self.event.bytes += range.len() + 1;
            self.check(0)?;
            match self.take_line(range) {
                Line::Field => {}
                Line::Blank => {
                    let event = std::mem::take(&mut self.event);
                    if event.data.is_some() || event.joined.is_some() {
                        return Ok(Some(self.finished(event)));
                    }
                }
            }
        }
        self.check(self.buffer.len() - self.line)?;
        Ok(None)
    }

    /// The event that the end of the stream cut short, if it has data. By the standard such an
    /// event is dropped, but some endpoints leave out the last blank line, and one that was cut in
    /// its middle does not parse as JSON.
    #[must_use]
    pub fn finish(&mut self) -> Option<SseEvent<'_>> {
        let rest = self.line..self.buffer.len();
        self.line = rest.end;
        self.searched = rest.end;
        if !rest.is_empty() {
            self.take_line(rest);
        }
        let event = std::mem::take(&mut self.event);
        (event.data.is_some() || event.joined.is_some()).then(|| self.finished(event))
    }

    fn check(&self, more: usize) -> Result<(), ModelError> {
        if self.event.bytes.saturating_add(more) > self.max_event_bytes {
            return Err(ModelError::new(
                ModelErrorKind::TooLarge,
                "the model endpoint sent an event larger than the limit",
            ));
        }
        Ok(())
    }

    /// Drops what has been read and nothing refers to. After a whole event that is all but the
    /// beginning of the next; in the middle of an event it is nothing. Hence linear.
    fn discard(&mut self) {
        let Pending { name, data, .. } = &mut self.event;
        let starts = name.iter().chain(data.iter()).map(|range| range.start);
        let keep = starts.fold(self.line, usize::min);
        if keep == 0 {
            return;
        }
        if keep == self.buffer.len() && self.buffer.capacity() > IDLE_CAPACITY {
            // The events that begin a response are large, and those that follow for minutes are small.
            self.buffer = Vec::new();
        } else {
            self.buffer.drain(..keep);
        }
        self.line -= keep;
        self.searched -= keep;
        for range in name.iter_mut().chain(data.iter_mut()) {
            *range = range.start - keep..range.end - keep;
        }
    }

    /// The next complete line, without its end.
    fn next_line(&mut self) -> Option<Range<usize>> {
        if self.after_cr {
            match self.buffer.get(self.line) {
                None => return None,
                Some(b'\n') => self.line += 1,
                Some(_) => {}
            }
            self.after_cr = false;
            self.searched = self.line;
        }
        if self.at_start {
            const BOM: &[u8] = b"\xEF\xBB\xBF";
            let beginning = self.buffer.get(..BOM.len().min(self.buffer.len()))?;
            if beginning == BOM {
                self.line = BOM.len();
                self.searched = BOM.len();
            } else if BOM.starts_with(beginning) {
                return None;
            }
            self.at_start = false;
        }
        let Some(found) = memchr::memchr2(b'\n', b'\r', self.buffer.get(self.searched..)?) else {
            self.searched = self.buffer.len();
            return None;
        };
        let end = self.searched + found;
        let range = self.line..end;
        self.after_cr = self.buffer.get(end) == Some(&b'\r');
        self.line = end + 1;
        self.searched = self.line;
        Some(range)
    }

    fn take_line(&mut self, line: Range<usize>) -> Line {
        let bytes = self.buffer.get(line.clone()).unwrap_or_default();
        if bytes.is_empty() {
            return Line::Blank;
        }
        let (name, value_start) = match memchr::memchr(b':', bytes) {
            Some(colon) => {
                let space = usize::from(bytes.get(colon + 1) == Some(&b' '));
                (bytes.get(..colon), line.start + colon + 1 + space)
            }
            None => (Some(bytes), line.end),
        };
        let value = value_start..line.end;
        match name {
            // A comment is part of no event: a long stream of keep-alives is not a large event.
            Some(b"") => self.event.bytes -= (line.len() + 1).min(self.event.bytes),
            Some(b"event") => self.event.name = Some(value),
            Some(b"data") => self.take_data(value),
            _ => {}
        }
        Line::Field
    }

    fn take_data(&mut self, value: Range<usize>) {
        let bytes = |range: Range<usize>| self.buffer.get(range).unwrap_or_default();
        match (&mut self.event.joined, self.event.data.take()) {
            (None, None) => self.event.data = Some(value),
            (None, Some(first)) => {
                let mut joined = bytes(first).to_vec();
                joined.push(b'\n');
                joined.extend_from_slice(bytes(value));
                self.event.joined = Some(joined);
            }
            (Some(joined), _) => {
                joined.push(b'\n');
                joined.extend_from_slice(bytes(value));
            }
        }
    }

    fn finished(&self, event: Pending) -> SseEvent<'_> {
        let text = |range: Range<usize>| {
            let bytes = self.buffer.get(range).unwrap_or_default();
            // Far faster, for what is UTF-8, than to look for what is not.
            std::str::from_utf8(bytes)
                .map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
        };
        SseEvent {
            name: event.name.map(text),
            data: match event.joined {
                Some(joined) => Cow::Owned(String::from_utf8_lossy(&joined).into_owned()),
                None => event.data.map(text).unwrap_or_default(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Owned = (Option<String>, String);

    fn feed<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
        let mut decoder = SseDecoder::new(1 << 20);
        let mut events = Vec::new();
        let own = |event: SseEvent<'_>| {
            let name = event.name.map(Cow::into_owned);
            (name, event.data.into_owned())
        };
        for chunk in chunks {
            decoder.push(chunk);
            while let Some(event) = decoder.next_event().unwrap() {
                events.push(own(event));
            }
        }
        events.extend(decoder.finish().map(own));
        events
    }

    fn data(text: &str) -> Vec<String> {
        let events = feed([text.as_bytes()]);
        events.into_iter().map(|(_, data)| data).collect()
    }

    #[test]
    fn follows_the_standard() {
        assert_eq!(data("data: a\n\ndata:b\n\n"), ["a", "b"]);
        assert_eq!(
            data("data: a\r\n\r\ndata: b\r\rdata: c\n\r\n"),
            ["a", "b", "c"]
        );
        assert_eq!(
            data("data: a\ndata: b\rdata\r\ndata:  c\n\n"),
            ["a\nb\n\n c"]
        );
        assert_eq!(data("\u{feff}data: a\n\n"), ["a"]);
        assert_eq!(data("\u{feff}\u{feff}data: a\n\n"), [""; 0]);
        assert_eq!(data(": x\n\n: y\ndata: a\n: z\n\n"), ["a"]);
        assert_eq!(data("id: 1\nretry: 5\nnonsense\n\n\n\n"), [""; 0]);
        assert_eq!(data("data\n\n"), [""]);
        assert_eq!(data("data: unfinished"), ["unfinished"]);
        assert_eq!(
            feed([b"event: e\n\nevent: f\ndata: \xff\n\ndata: b\n\n".as_slice()]),
            [
                (Some("f".to_owned()), "\u{fffd}".to_owned()),
                (None, "b".to_owned())
            ]
        );
    }

    #[test]
    fn limits_an_event_but_not_a_stream() {
        let push = |decoder: &mut SseDecoder, text: &str| {
            decoder.push(text.as_bytes());
            let mut count = 0;
            loop {
                match decoder.next_event() {
                    Ok(Some(_)) => count += 1,
                    Ok(None) => return Ok(count),
                    Err(error) => return Err(error.kind()),
                }
            }
        };
        let mut decoder = SseDecoder::new(20);
        for _ in 0..100 {
            assert_eq!(push(&mut decoder, "data: 0123456789\n\n"), Ok(1));
            assert_eq!(push(&mut decoder, ": keep-alive\n"), Ok(0));
        }
        assert_eq!(push(&mut decoder, "data: 0123456789"), Ok(0));
        assert_eq!(
            push(&mut decoder, "0123456789"),
            Err(ModelErrorKind::TooLarge)
        );
        let mut decoder = SseDecoder::new(20);
        assert_eq!(push(&mut decoder, "data: 01234\n"), Ok(0));
        assert_eq!(
            push(&mut decoder, "data: 56789\n"),
            Err(ModelErrorKind::TooLarge)
        );
    }

    #[test]
    fn a_large_event_costs_its_size() {
        // The buffer never holds more than the event and one chunk, and nothing is searched twice:
        // the cost is checked through what the decoder keeps, not through a clock.
        let mut decoder = SseDecoder::new(8 << 20);
        decoder.push(b"data: ");
        for _ in 0..4096 {
            decoder.push(&[b'x'; 1024]);
            assert!(decoder.next_event().unwrap().is_none());
            assert_eq!(decoder.searched, decoder.buffer.len());
        }
        decoder.push(b"\n\ndata: y");
        let event = decoder.next_event().unwrap().unwrap();
        assert_eq!(event.data.len(), 4 << 20);
        assert!(matches!(event.data, Cow::Borrowed(_)));
        assert!(decoder.next_event().unwrap().is_none());
        decoder.push(b"\n\n");
        assert_eq!(decoder.buffer.len(), "data: y\n\n".len());
        assert_eq!(decoder.next_event().unwrap().unwrap().data, "y");
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_events(
            lines in prop::collection::vec(
                ("(data: ?|event: ?|: ?|id:|data|\u{feff})?[a-z{}\u{e9}\u{1f600}]{0,8}", "\n|\r|\r\n"),
                0..40,
            ),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let text: String = lines.into_iter().map(|(line, end)| line + &end).collect();
            let bytes = text.as_bytes();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let cut = feed(cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]));
            prop_assert_eq!(&feed([bytes]), &cut);
            prop_assert_eq!(&feed(bytes.chunks(1)), &cut);
        }
    }
}
