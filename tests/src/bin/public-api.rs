//! Lists the public API of a crate, one item a line, from its rustdoc JSON. `.ci/public-api` calls it.

use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let json = std::env::args_os()
        .nth(1)
        .ok_or("which file? public-api RUSTDOC_JSON")?;
    // What holds for all types alike would be most of the list.
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    Ok(write!(std::io::stdout(), "{api}")?)
}
