//! What a request says besides its body.

/// The longest id that is taken from a request.
const MAX_ID: usize = 128;

/// What an HTTP request says about itself besides its body: its id, the client's frame, the languages of its user.
///
/// All of it is chosen by the caller, and untrusted. The adapter for axum fills it in; a handler has it as
/// [`Turn::request`](crate::Turn::request). Ids are printable ASCII of 128 characters at most, so that they may go into a log.
///
/// ```
/// let request = chatkit::RequestInfo::new().accept_language("de-CH, en;q=0.8");
/// assert_eq!(request.locale(), Some("de-CH"));
/// assert_eq!(request.best_locale(&["en", "de"]), Some("de"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestInfo {
    request_id: Option<String>,
    frame_id: Option<String>,
    locales: Vec<String>,
}

impl RequestInfo {
    /// A request of which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the id that the log has it under. An id that is not printable ASCII, or is too long, is left out.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into()).filter(|id| is_id(id));
        self
    }

    /// Sets the id of the client's frame, the header `chatkit-frame-instance-id`: one for each time a page shows the chat.
    #[must_use]
    pub fn with_frame_id(mut self, id: impl Into<String>) -> Self {
        self.frame_id = Some(id.into()).filter(|id| is_id(id));
        self
    }

    /// Sets the languages, from the value of an `Accept-Language` header (RFC 9110, section 12.5.4). What does not parse
    /// is left out, and so is `*`. Of equal weights the first comes first. ChatKit.js sends one locale.
    #[must_use]
    pub fn accept_language(mut self, header: &str) -> Self {
        // A header is as long as the HTTP server lets it be; nobody speaks this many languages.
        let ranges = header.split(',').take(32).filter_map(language_range);
        let mut ranges: Vec<(u16, &str)> = ranges.collect();
        ranges.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        self.locales = ranges.into_iter().map(|(_, tag)| tag.to_owned()).collect();
        self
    }

    /// The request's id: from its `x-request-id` header, else made by the adapter.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The id of the client's frame.
    pub fn frame_id(&self) -> Option<&str> {
        self.frame_id.as_deref()
    }

    /// The language the user likes most, as a tag such as `de-CH`.
    pub fn locale(&self) -> Option<&str> {
        self.locales.first().map(String::as_str)
    }

    /// All languages the user reads, the most liked first.
    pub fn locales(&self) -> &[String] {
        &self.locales
    }

    /// The one of `supported` that suits the user best; `None` when none does.
    ///
    /// Tags are looked up as in RFC 4647, section 3.4: `de-CH` finds `de` where there is no `de-CH`, and case does not
    /// matter.
    pub fn best_locale<'a>(&self, supported: &[&'a str]) -> Option<&'a str> {
        let mut wanted = self.locales.iter();
        wanted.find_map(|wanted| look_up(wanted, supported))
    }
}

fn look_up<'a>(mut wanted: &str, supported: &[&'a str]) -> Option<&'a str> {
    loop {
        let mut tags = supported.iter().copied();
        if let Some(found) = tags.find(|tag| tag.eq_ignore_ascii_case(wanted)) {
            return Some(found);
        }
        wanted = wanted.rsplit_once('-')?.0;
        // A single letter begins an extension; it means nothing without what followed.
        if let Some((before, last)) = wanted.rsplit_once('-')
            && last.len() == 1
        {
            wanted = before;
        }
    }
}

/// A tag with its weight in thousandths.
fn language_range(range: &str) -> Option<(u16, &str)> {
    let mut parts = range.split(';');
    let tag = parts.next()?.trim();
    let is_subtag =
        |part: &str| matches!(part.len(), 1..=8) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if !tag.split('-').all(is_subtag) || tag.len() > 35 {
        return None;
    }
    let weight = match parts.next() {
        None => 1000,
        Some(weight) => {
            let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
            if !(0.0..=1.0).contains(&weight) {
                return None;
            }
            (weight * 1000.0) as u16
        }
    };
    (weight > 0).then_some((weight, tag))
}

fn is_id(id: &str) -> bool {
    matches!(id.len(), 1..=MAX_ID) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locales(header: &str) -> Vec<String> {
        RequestInfo::new().accept_language(header).locales
    }

    #[test]
    fn languages_by_weight() {
        assert_eq!(locales("en"), ["en"]);
        assert_eq!(
            locales("fr;q=0.5, de-CH, en ; q=0.9,de;q=0.9"),
            ["de-CH", "en", "de"]
                .map(str::to_owned)
                .into_iter()
                .chain(["fr".to_owned()])
                .collect::<Vec<_>>()
        );
        assert_eq!(
            locales("*, xx;q=0, en;q=2, fr;q=NaN, d e, ,;q=1, -, zh-Hant"),
            ["zh-Hant"]
        );
        assert_eq!(locales("\u{fc}\0;q=;;,"), [""; 0]);
    }

    #[test]
    fn the_best_of_what_there_is() {
        let user = RequestInfo::new().accept_language("zh-Hant-CN-x-private, de-AT;q=0.5");
        assert_eq!(user.best_locale(&["en", "DE"]), Some("DE"));
        assert_eq!(user.best_locale(&["de", "zh-hant"]), Some("zh-hant"));
        assert_eq!(user.best_locale(&["en"]), None);
        assert_eq!(RequestInfo::new().best_locale(&["en"]), None);
    }

    #[test]
    fn ids_fit_into_a_log() {
        for bad in ["", "a b", "a\nb", "\u{e9}", &"x".repeat(129)] {
            let info = RequestInfo::new().with_request_id(bad).with_frame_id(bad);
            assert_eq!(
                (info.request_id(), info.frame_id()),
                (None, None),
                "{bad:?}"
            );
        }
        let info = RequestInfo::new().with_request_id("01-Ab");
        assert_eq!(info.request_id(), Some("01-Ab"));
    }
}
