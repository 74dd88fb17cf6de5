//! Makes JSON schemas strict, as OpenAI's models require it of tools that they are forced to follow.

mod error;
mod graph;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

pub use self::error::SchemaError;

use self::error::Problem;
use self::graph::{Graph, Id};

/// How deeply containers of a schema may nest.
const MAX_DEPTH: usize = 100;

/// How many schemas are visited in all, those that a `$ref` expands to included.
const MAX_NODES: usize = 100_000;

/// Keywords beside a `$ref`, or of a parent of `allOf`, that do not restrict what is valid.
const ANNOTATIONS: [&str; 15] = [
    "$anchor",
    "$comment",
    "$defs",
    "$schema",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "definitions",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// Rewrites a JSON schema so that it is valid for strict function calling.
///
/// - Every object gets `additionalProperties: false`, and all its properties become `required`.
/// - `oneOf` becomes `anyOf`; an `allOf` with one entry is merged into its parent.
/// - A `$ref` with a description or another annotation beside it is replaced by what it points to;
///   a `$ref` alone stays.
/// - `default: null` is removed; other defaults stay.
/// - `{}` becomes an object without properties.
///
/// Keywords that it does not know are left as they are. These are the rules of
/// `agents.strict_schema` in `openai-agents` 0.24.
///
/// # Errors
///
/// When this would change what the schema accepts, most often because an object allows properties
/// that it does not name; when the schema is too large or too deep; and when it is no schema.
/// The schema is unchanged then.
///
/// ```
/// use chatkit_agents::tool::ensure_strict_json_schema;
/// use serde_json::json;
///
/// let mut schema = json!({
///     "type": "object",
///     "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 3}},
///     "required": ["city"],
/// });
/// ensure_strict_json_schema(&mut schema)?;
/// assert_eq!(schema["required"], json!(["city", "days"]));
/// assert_eq!(schema["additionalProperties"], json!(false));
/// # Ok::<(), chatkit_agents::tool::SchemaError>(())
/// ```
pub fn ensure_strict_json_schema(schema: &mut Value) -> Result<(), SchemaError> {
    make_strict(schema, false)
}

/// Like [`ensure_strict_json_schema`], for a schema that somebody else wrote: that of an MCP server's tool, for example.
///
/// # Errors
///
/// Also for an object that names no properties and does not forbid others, because no property would be left to it; and
/// for a `$ref` that stays, because nothing has looked at what it means. The schema is unchanged then: offer the tool with
/// the schema as it is, without strict.
///
/// ```
/// use chatkit_agents::tool::{ensure_strict_foreign_json_schema, ensure_strict_json_schema};
/// use serde_json::json;
///
/// let anything = json!({"type": "object", "properties": {"filter": {"type": "object"}}});
/// assert!(ensure_strict_json_schema(&mut anything.clone()).is_ok());
/// assert!(ensure_strict_foreign_json_schema(&mut anything.clone()).is_err());
/// ```
pub fn ensure_strict_foreign_json_schema(schema: &mut Value) -> Result<(), SchemaError> {
    make_strict(schema, true)
}

fn make_strict(schema: &mut Value, foreign: bool) -> Result<(), SchemaError> {
    if !is_shallow(schema) {
        return Err(SchemaError::at(Problem::TooDeep, Vec::new()));
    }
    match schema.as_object() {
        None => return Err(SchemaError::at(Problem::NotAnObject, Vec::new())),
        Some(object) if object.is_empty() => {
            *schema = no_properties();
            return Ok(());
        }
        Some(_) => {}
    }
    let (graph, root) = Graph::new(schema);
    let mut rewriter = Rewriter {
        graph,
        root,
        foreign,
        budget: MAX_NODES,
        path: Vec::new(),
    };
    let result = rewriter
        .visit(root, 1, false)
        .and_then(|()| rewriter.check_root());
    match result.and_then(|()| rewriter.graph.to_value(root)) {
        Ok(strict) => {
            // Nothing but a `default: null` was there, for example.
            let is_empty = strict.as_object().is_some_and(Map::is_empty);
            *schema = if is_empty { no_properties() } else { strict };
            Ok(())
        }
        Err(problem) => Err(SchemaError::at(problem, rewriter.path)),
    }
}

fn no_properties() -> Value {
    json!({"additionalProperties": false, "type": "object", "properties": {}, "required": []})
}

/// Whether containers nest no deeper than the limit. Without recursion, since the input may be deep.
fn is_shallow(schema: &Value) -> bool {
    let mut stack = vec![(schema, 1)];
    while let Some((value, depth)) = stack.pop() {
        match value {
            Value::Array(_) | Value::Object(_) if depth > MAX_DEPTH => return false,
            Value::Array(items) => stack.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(map) => stack.extend(map.values().map(|item| (item, depth + 1))),
            _ => {}
        }
    }
    true
}

struct Rewriter {
    graph: Graph,
    root: Id,
    /// Whether somebody else wrote the schema, so that less is taken for granted.
    foreign: bool,
    /// How many more schemas may be visited.
    budget: usize,
    /// Where in the document the visit is. After an error it stays at the culprit.
    path: Vec<String>,
}

impl Rewriter {
    fn spend(&mut self) -> Result<(), Problem> {
        self.budget = self.budget.checked_sub(1).ok_or(Problem::TooLarge)?;
        Ok(())
    }

    /// Makes the schema at `node` strict, in place.
    ///
    /// `nested` says that an ancestor declares an `$id`, so that references mean another document.
    fn visit(&mut self, node: Id, depth: usize, nested: bool) -> Result<(), Problem> {
        if depth > MAX_DEPTH {
            return Err(Problem::TooDeep);
        }
        if !self.graph.is_object(node) {
            return Err(Problem::NotAnObject);
        }
        // This function adds `additionalProperties` itself below; what the author wrote counts.
        let closed_by_author = self.is_false(node, "additionalProperties");
        self.spend()?;
        let depth = depth + 1;
        let nested = nested || (node != self.root && self.declares_resource(node));

        self.check_reference(node, nested)?;
        self.visit_map(node, "$defs", depth, nested)?;
        self.visit_map(node, "definitions", depth, nested)?;
        self.close_object(node)?;
        self.visit_properties(node, depth, nested)?;
        if let Some(items) = self.graph.get_object(node, "items") {
            self.visit_child(items, &["items"], depth, nested)?;
        }
        self.visit_unions(node, depth, nested)?;

        match self
            .graph
            .get_array(node, "allOf")
            .map(<[Id]>::to_vec)
            .as_deref()
        {
            Some(&[entry]) => {
                let entry = self.single_all_of(entry, depth, nested)?;
                self.graph.remove(node, "allOf");
                if !closed_by_author {
                    // The second visit closes the merged object.
                    self.graph.remove(node, "additionalProperties");
                }
                self.merge_all_of(node, entry)?;
                return self.visit(node, depth, nested);
            }
            Some(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    self.visit_child(*entry, &["allOf", &index.to_string()], depth, nested)?;
                }
            }
            None => {}
        }

        if self
            .graph
            .get_leaf(node, "default")
            .is_some_and(Value::is_null)
        {
            self.graph.remove(node, "default");
        }
        self.inline_reference(node, depth, nested)
    }

    fn visit_child(
        &mut self,
        child: Id,
        keys: &[&str],
        depth: usize,
        nested: bool,
    ) -> Result<(), Problem> {
        let len = self.path.len();
        self.path.extend(keys.iter().map(|key| (*key).to_owned()));
        self.visit(child, depth, nested)?;
        self.path.truncate(len);
        Ok(())
    }

    fn visit_map(
        &mut self,
        node: Id,
        key: &str,
        depth: usize,
        nested: bool,
    ) -> Result<(), Problem> {
        let Some(map) = self.graph.get_object(node, key) else {
            return Ok(());
        };
        for (name, child) in self.graph.entries(map).to_vec() {
            self.visit_child(child, &[key, &name], depth, nested)?;
        }
        Ok(())
    }

    /// A `$ref` may stand beside annotations only, and may not depend on another document.
    fn check_reference(&self, node: Id, nested: bool) -> Result<(), Problem> {
        if self.graph.get(node, "$ref").is_none() {
            return Ok(());
        }
        if nested {
            return Err(Problem::NestedResource);
        }
        let is_root = node == self.root;
        let mut siblings: Vec<_> = self
            .constraints_beside_ref(node)
            .filter(|key| !(is_root && *key == "$id"))
            .map(str::to_owned)
            .collect();
        if siblings.is_empty() {
            return Ok(());
        }
        siblings.sort();
        Err(Problem::RefSiblings(siblings))
    }

    fn constraints_beside_ref(&self, node: Id) -> impl Iterator<Item = &str> {
        self.graph
            .entries(node)
            .iter()
            .map(|(key, _)| key.as_str())
            .filter(|key| *key != "$ref" && !ANNOTATIONS.contains(key))
    }

    /// Infers `type: object`, and forbids properties that are not named.
    fn close_object(&mut self, node: Id) -> Result<(), Problem> {
        let kind = self
            .graph
            .get(node, "type")
            .filter(|kind| !self.graph.is_null(*kind));
        let is_object = match kind {
            Some(kind) => self.is_object_type(kind),
            None if self.graph.get_object(node, "properties").is_some() => {
                self.graph
                    .insert_value(node, "type", &Value::from("object"));
                true
            }
            None => {
                let open = self.graph.get(node, "additionalProperties").is_some()
                    && !self.is_false(node, "additionalProperties");
                return if open {
                    Err(Problem::OpenObject)
                } else {
                    Ok(())
                };
            }
        };
        let names_nothing = match self.graph.get(node, "properties") {
            Some(properties) => self.graph.is_empty_object(properties),
            None => true,
        };
        if !is_object {
            Ok(())
        } else if self.foreign && names_nothing && !self.is_false(node, "additionalProperties") {
            Err(Problem::OpenObject)
        } else if self.graph.get(node, "additionalProperties").is_none() {
            self.graph
                .insert_value(node, "additionalProperties", &Value::Bool(false));
            Ok(())
        } else if self.is_false(node, "additionalProperties") {
            Ok(())
        } else {
            Err(Problem::OpenObject)
        }
    }

    fn is_object_type(&self, kind: Id) -> bool {
        match self.graph.items(kind) {
            Some(kinds) => kinds
                .iter()
                .any(|kind| self.graph.is_string(*kind, "object")),
            None => self.graph.is_string(kind, "object"),
        }
    }

    fn visit_properties(&mut self, node: Id, depth: usize, nested: bool) -> Result<(), Problem> {
        let Some(properties) = self.graph.get_object(node, "properties") else {
            return Ok(());
        };
        let names = self.graph.entries(properties).iter();
        let required = names.map(|(name, _)| Value::from(name.as_str())).collect();
        self.graph.insert_value(node, "required", &required);
        self.visit_map(node, "properties", depth, nested)
    }

    /// Visits `anyOf`, and turns `oneOf` into more of it.
    fn visit_unions(&mut self, node: Id, depth: usize, nested: bool) -> Result<(), Problem> {
        let any_of = self.graph.get_array(node, "anyOf").map(<[Id]>::to_vec);
        for (index, variant) in any_of.iter().flatten().enumerate() {
            self.visit_child(*variant, &["anyOf", &index.to_string()], depth, nested)?;
        }
        let Some(one_of) = self.graph.get_array(node, "oneOf").map(<[Id]>::to_vec) else {
            return Ok(());
        };
        for (index, variant) in one_of.iter().enumerate() {
            self.visit_child(*variant, &["oneOf", &index.to_string()], depth, nested)?;
        }
        let variants = any_of.into_iter().flatten().chain(one_of).collect();
        self.graph.insert_array(node, "anyOf", variants);
        self.graph.remove(node, "oneOf");
        Ok(())
    }

    /// The keywords of the one entry of an `allOf`, ready to be merged into its parent.
    fn single_all_of(
        &mut self,
        entry: Id,
        depth: usize,
        nested: bool,
    ) -> Result<Vec<(String, Id)>, Problem> {
        let is_pure_ref = self.graph.is_object(entry)
            && self.graph.get(entry, "$ref").is_some()
            && self.constraints_beside_ref(entry).next().is_none();
        if !is_pure_ref {
            self.visit_child(entry, &["allOf", "0"], depth, nested)?;
            return Ok(self.graph.entries(entry).to_vec());
        }
        if nested {
            return Err(Problem::NestedResource);
        }
        self.spend()?;
        self.follow_references(entry)
    }

    /// Follows a chain of `$ref`s with annotations only; the annotations come along, and the ones
    /// nearest to the start win.
    fn follow_references(&mut self, start: Id) -> Result<Vec<(String, Id)>, Problem> {
        let mut seen = Vec::new();
        let mut annotations: Vec<(String, Id)> = Vec::new();
        let mut node = start;
        while self.graph.get(node, "$ref").is_some()
            && self.constraints_beside_ref(node).next().is_none()
        {
            let reference = self.reference(node)?;
            if seen.contains(&reference) {
                return Err(Problem::CircularRef);
            }
            let mut beside = self.graph.entries(node).to_vec();
            beside.retain(|(key, _)| key != "$ref");
            annotations = overlay(beside, annotations);
            self.spend()?;
            node = self.resolve(&reference)?;
            seen.push(reference);
        }
        Ok(overlay(self.graph.entries(node).to_vec(), annotations))
    }

    /// Merges the entry of an `allOf` into its parent, unless this changes what is accepted.
    fn merge_all_of(&mut self, parent: Id, entry: Vec<(String, Id)>) -> Result<(), Problem> {
        let mut conflicts = Vec::new();
        let mut merged = entry;
        let entry_properties = merged.iter().find(|(key, _)| key == "properties");
        let parent_is_bare = match self.graph.get(parent, "properties") {
            Some(properties) => self.graph.is_empty_object(properties),
            None => true,
        };
        if parent_is_bare
            && self.is_false(parent, "additionalProperties")
            && entry_properties.is_some_and(|(_, properties)| {
                self.graph.is_object(*properties) && !self.graph.is_empty_object(*properties)
            })
        {
            // The parent forbids all properties, so those of the entry can never occur.
            conflicts.push("properties".to_owned());
        }
        for (key, value) in self.graph.entries(parent) {
            let Some((_, slot)) = merged.iter_mut().find(|(known, _)| known == key) else {
                merged.push((key.clone(), *value));
                continue;
            };
            if ANNOTATIONS.contains(&key.as_str()) {
                *slot = *value;
            } else if !(self.graph.equal(*value, *slot)
                || (key == "properties" && self.graph.is_empty_object(*value))
                || (key == "required" && self.graph.items(*value).is_some_and(<[Id]>::is_empty)))
            {
                conflicts.push(key.clone());
            }
        }
        if !conflicts.is_empty() {
            conflicts.sort();
            conflicts.dedup();
            return Err(Problem::AllOfConflict(conflicts));
        }
        self.graph.replace_entries(parent, merged);
        Ok(())
    }

    /// Replaces a `$ref` that has keywords beside it by the keywords of its target.
    fn inline_reference(&mut self, node: Id, depth: usize, nested: bool) -> Result<(), Problem> {
        let Some(reference) = self.graph.get(node, "$ref") else {
            return Ok(());
        };
        if self.graph.is_falsy(reference) || self.graph.entries(node).len() < 2 {
            return if self.foreign {
                Err(Problem::UnexpandedRef)
            } else {
                Ok(())
            };
        }
        let reference = self.reference(node)?;
        let target = self.resolve(&reference)?;
        self.graph.remove(node, "$ref");
        for (key, value) in self.graph.entries(target).to_vec() {
            if self.graph.get(node, &key).is_none() {
                self.graph.insert(node, &key, value);
            }
        }
        self.visit(node, depth, nested)
    }

    fn reference(&self, node: Id) -> Result<String, Problem> {
        match self.graph.get_leaf(node, "$ref") {
            Some(Value::String(reference)) => Ok(reference.clone()),
            _ => Err(Problem::BrokenRef("that is not a string".to_owned())),
        }
    }

    /// The object that `#/…` points to.
    fn resolve(&self, reference: &str) -> Result<Id, Problem> {
        let broken = || Problem::BrokenRef(reference.to_owned());
        let pointer = reference.strip_prefix("#/").ok_or_else(broken)?;
        let pointer = percent_decode(pointer).ok_or_else(broken)?;
        let mut node = self.root;
        for key in pointer.split('/') {
            let key = key.replace("~1", "/").replace("~0", "~");
            node = self.graph.get_object(node, &key).ok_or_else(broken)?;
            if self.declares_resource(node) {
                return Err(Problem::NestedResource);
            }
        }
        Ok(node)
    }

    fn declares_resource(&self, node: Id) -> bool {
        matches!(self.graph.get_leaf(node, "$id"), Some(Value::String(_)))
    }

    fn is_false(&self, node: Id, key: &str) -> bool {
        matches!(self.graph.get_leaf(node, key), Some(Value::Bool(false)))
    }

    fn check_root(&mut self) -> Result<(), Problem> {
        if self.graph.get_array(self.root, "anyOf").is_some() {
            return Err(Problem::RootAnyOf);
        }
        let Some(kinds) = self.graph.get_array(self.root, "type") else {
            return Ok(());
        };
        if kinds
            .iter()
            .any(|kind| self.graph.is_string(*kind, "object"))
        {
            if kinds.len() > 1 {
                return Err(Problem::RootNotPlainObject);
            }
            self.graph
                .insert_value(self.root, "type", &Value::from("object"));
        }
        Ok(())
    }
}

/// Sets entries: in place where the key is there, and otherwise at the end.
fn overlay(mut base: Vec<(String, Id)>, over: Vec<(String, Id)>) -> Vec<(String, Id)> {
    for (key, value) in over {
        match base.iter_mut().find(|(known, _)| *known == key) {
            Some((_, slot)) => *slot = value,
            None => base.push((key, value)),
        }
    }
    base
}

/// Decodes `%41`; what is no such escape stays. `None` when the result is not UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%'
            && let [high, low, after @ ..] = tail
            && let (Some(high), Some(low)) = (
                char::from(*high).to_digit(16),
                char::from(*low).to_digit(16),
            )
            && let Ok(byte) = u8::try_from(high * 16 + low)
        {
            decoded.push(byte);
            rest = after;
        } else {
            decoded.push(*first);
        }
    }
    String::from_utf8(decoded).ok()
}
