//! The event that comes once per token, read without a general JSON parser where it is written as OpenAI writes it.

use super::ContentDelta;

/// How it begins.
pub(super) const BEGIN: &str = r#"{"type":"response.output_text.delta","#;

/// Reads a delta of text in JSON without spaces, with all the fields it should have and no others of any depth.
///
/// `None` says nothing about the text: it is to be read like any other event.
pub(super) fn read(json: &str) -> Option<ContentDelta> {
    let mut rest = json.strip_prefix(BEGIN)?;
    // Nowhere in it, so it need not be looked for in each string. No early end, so it is many bytes at a time.
    if json
        .bytes()
        .fold(false, |found, byte| found | (byte < b' '))
    {
        return None;
    }
    let (mut item_id, mut delta, mut padding) = (None, None, None);
    let (mut sequence_number, mut output_index, mut content_index) = (None, None, None);
    loop {
        let name;
        (name, rest) = string(rest)?;
        rest = rest.strip_prefix(':')?;
        match name.quoted {
            r#""item_id""# => field(&mut item_id, &mut rest, string)?,
            r#""delta""# => field(&mut delta, &mut rest, string)?,
            r#""sequence_number""# => field(&mut sequence_number, &mut rest, count)?,
            r#""output_index""# => field(&mut output_index, &mut rest, count)?,
            r#""content_index""# => field(&mut content_index, &mut rest, count)?,
            r#""obfuscation""# => field(&mut padding, &mut rest, string)?,
            r#""logprobs""# => rest = rest.strip_prefix("[]")?,
            _ => return None,
        }
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None if rest == "}" => break,
            None => return None,
        }
    }
    if padding.is_some_and(|padding: JsonString<'_>| padding.has_escapes) {
        return None;
    }
    Some(ContentDelta {
        sequence_number: Some(sequence_number?),
        item_id: item_id?.read()?,
        output_index: output_index?,
        content_index: content_index?,
        delta: delta?.read()?,
    })
}

/// Reads the value of a field that has not been there yet.
fn field<'a, T>(
    value: &mut Option<T>,
    rest: &mut &'a str,
    read: impl Fn(&'a str) -> Option<(T, &'a str)>,
) -> Option<()> {
    let (found, behind) = read(rest)?;
    *rest = behind;
    value.replace(found).is_none().then_some(())
}

struct JsonString<'a> {
    quoted: &'a str,
    has_escapes: bool,
}

impl JsonString<'_> {
    fn read(&self) -> Option<String> {
        if self.has_escapes {
            return serde_json::from_str(self.quoted).ok();
        }
        Some(self.quoted.strip_prefix('"')?.strip_suffix('"')?.to_owned())
    }
}

/// A string, and what comes after it.
fn string(json: &str) -> Option<(JsonString<'_>, &str)> {
    let bytes = json.as_bytes();
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    let mut has_escapes = false;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            let (quoted, rest) = json.split_at_checked(at + 1)?;
            let string = JsonString {
                quoted,
                has_escapes,
            };
            return Some((string, rest));
        }
        has_escapes = true;
        at += 2;
    }
}

/// A whole number that is not negative, and what comes after it.
fn count(json: &str) -> Option<(u64, &str)> {
    let digits = json.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = json.split_at_checked(digits)?;
    let has_leading_zero = number.len() > 1 && number.starts_with('0');
    Some((number.parse().ok().filter(|_| !has_leading_zero)?, rest))
}
