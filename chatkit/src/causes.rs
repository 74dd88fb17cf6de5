//! Errors and the chains of their causes, for every type of error here.

use std::error::Error as StdError;
use std::fmt;
use std::iter::successors;

/// The first error of type `E`, from this one on along the chain of sources.
pub fn find_source<'a, E: StdError + 'static>(
    first: Option<&'a (dyn StdError + 'static)>,
) -> Option<&'a E> {
    successors(first, |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// Writes an error, and with `{:#}` the chain of its causes. One that only repeats the text before it, as a wrapper does,
/// is left out.
pub fn write_error(
    f: &mut fmt::Formatter<'_>,
    message: &str,
    source: Option<&(dyn StdError + 'static)>,
) -> fmt::Result {
    f.write_str(message)?;
    let mut next = source.filter(|_| f.alternate());
    let mut last = message.to_owned();
    while let Some(error) = next {
        let text = error.to_string();
        if text != last {
            write!(f, ": {text}")?;
            last = text;
        }
        next = error.source();
    }
    Ok(())
}
