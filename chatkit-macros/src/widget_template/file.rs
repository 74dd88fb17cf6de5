//! Finds and reads a `.widget` file.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use serde_json::Value;
use syn::LitStr;

use crate::errors::Errors;

/// What the macro needs of a `.widget` file.
pub(crate) struct File {
    /// The absolute path.
    pub(crate) path: String,
    /// The name that the widget has in the studio.
    pub(crate) name: String,
    /// The JSON schema of the data.
    pub(crate) schema: Value,
}

/// Reads the file that `literal` names: `./a.widget` and `../a.widget` begin at the source file, others at the package.
/// What is wrong goes to `errors`.
pub(crate) fn read(literal: &LitStr, errors: &mut Errors) -> Option<File> {
    let written = literal.value();
    let beside = written.starts_with("./") || written.starts_with("../");
    let found = if beside {
        source_directory(literal.span())
    } else {
        package_directory()
    };
    let file = found.and_then(|directory| {
        let path =
            std::path::absolute(directory.join(&written)).map_err(|error| error.to_string())?;
        let text = fs::read_to_string(&path).map_err(|error| match (error.kind(), beside) {
            (ErrorKind::NotFound, true) => {
                "there is no such file beside the source file".to_owned()
            }
            (ErrorKind::NotFound, false) => {
                "there is no such file in the directory of Cargo.toml".to_owned()
            }
            _ => format!("cannot be read: {error}"),
        })?;
        load(&path, &text)
    });
    match file {
        Ok(file) => Some(file),
        Err(problem) => {
            errors.push_at(literal, format!("{written}: {problem}"));
            None
        }
    }
}

fn source_directory(span: Span) -> Result<PathBuf, String> {
    let source = span.unwrap().local_file();
    let directory = source.as_deref().and_then(Path::parent);
    directory.map(Path::to_owned).ok_or_else(|| {
        "the source file is not known here; give the path from the directory of Cargo.toml"
            .to_owned()
    })
}

fn package_directory() -> Result<PathBuf, String> {
    env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .ok_or_else(|| "CARGO_MANIFEST_DIR is not set, so the package is not known".to_owned())
}

fn load(path: &Path, text: &str) -> Result<File, String> {
    let path = path.to_str().ok_or("the path is not UTF-8")?.to_owned();
    let mut definition: Value =
        serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
    match definition.get("version") {
        Some(Value::String(version)) if version == "1.0" => {}
        Some(version) => return Err(format!("has version {version}, not \"1.0\"")),
        None => return Err("has no `version`".to_owned()),
    }
    let Some(Value::String(name)) = definition.get("name") else {
        return Err("has no `name`, a string".to_owned());
    };
    let name = name.clone();
    if !definition.get("template").is_some_and(Value::is_string) {
        return Err("has no `template`, a string".to_owned());
    }
    let schema = definition
        .get_mut("jsonSchema")
        .map_or_else(|| Value::Object(serde_json::Map::new()), Value::take);
    Ok(File { path, name, schema })
}
