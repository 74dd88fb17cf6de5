//! A JSON document whose parts may be shared.
//!
//! Expanding a `$ref` copies the keywords of its target, but not what is below them, so that a
//! rewrite reaches all places that use the target. A tree of [`Value`]s cannot share; this can.

use serde_json::{Map, Value};

use super::MAX_DEPTH;
use super::error::Problem;

/// How many values the finished document may have. Parts that are never visited, such as long
/// `enum`s, can be shared often and cost nothing until they are written out.
const MAX_WRITTEN: usize = 1_000_000;

/// A value of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(usize);

#[derive(Debug)]
enum Node {
    /// In the order of the document.
    Object(Vec<(String, Id)>),
    Array(Vec<Id>),
    Leaf(Value),
}

/// A JSON document whose parts may be shared.
///
/// The readers take any [`Id`] and give nothing when it is of another kind.
#[derive(Debug)]
pub(super) struct Graph {
    nodes: Vec<Node>,
}

impl Graph {
    /// The graph of a document and its root. It recurses, so the document must not be deep.
    pub(super) fn new(document: &Value) -> (Self, Id) {
        let mut graph = Self { nodes: Vec::new() };
        let root = graph.add(document);
        (graph, root)
    }

    fn add(&mut self, value: &Value) -> Id {
        let node = match value {
            Value::Object(map) => Node::Object(
                map.iter()
                    .map(|(key, value)| (key.clone(), self.add(value)))
                    .collect(),
            ),
            Value::Array(items) => Node::Array(items.iter().map(|item| self.add(item)).collect()),
            leaf => Node::Leaf(leaf.clone()),
        };
        self.push(node)
    }

    fn push(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        Id(self.nodes.len() - 1)
    }

    fn node(&self, id: Id) -> &Node {
        // Ids are made by `push` only, and nodes are never removed.
        &self.nodes[id.0]
    }

    /// The entries of an object; none for other values.
    pub(super) fn entries(&self, id: Id) -> &[(String, Id)] {
        match self.node(id) {
            Node::Object(entries) => entries,
            Node::Array(_) | Node::Leaf(_) => &[],
        }
    }

    pub(super) fn items(&self, id: Id) -> Option<&[Id]> {
        match self.node(id) {
            Node::Array(items) => Some(items),
            Node::Object(_) | Node::Leaf(_) => None,
        }
    }

    fn leaf(&self, id: Id) -> Option<&Value> {
        match self.node(id) {
            Node::Leaf(value) => Some(value),
            Node::Object(_) | Node::Array(_) => None,
        }
    }

    pub(super) fn is_object(&self, id: Id) -> bool {
        matches!(self.node(id), Node::Object(_))
    }

    pub(super) fn is_empty_object(&self, id: Id) -> bool {
        matches!(self.node(id), Node::Object(entries) if entries.is_empty())
    }

    pub(super) fn is_null(&self, id: Id) -> bool {
        self.leaf(id).is_some_and(Value::is_null)
    }

    pub(super) fn is_string(&self, id: Id, text: &str) -> bool {
        self.leaf(id).and_then(Value::as_str) == Some(text)
    }

    /// Whether it is null, false, zero or empty.
    pub(super) fn is_falsy(&self, id: Id) -> bool {
        match self.node(id) {
            Node::Object(entries) => entries.is_empty(),
            Node::Array(items) => items.is_empty(),
            Node::Leaf(Value::String(text)) => text.is_empty(),
            Node::Leaf(Value::Number(number)) => number.as_f64() == Some(0.0),
            Node::Leaf(value) => value.is_null() || *value == Value::Bool(false),
        }
    }

    pub(super) fn get(&self, id: Id, key: &str) -> Option<Id> {
        self.entries(id)
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| *value)
    }

    pub(super) fn get_object(&self, id: Id, key: &str) -> Option<Id> {
        self.get(id, key).filter(|value| self.is_object(*value))
    }

    pub(super) fn get_array(&self, id: Id, key: &str) -> Option<&[Id]> {
        self.items(self.get(id, key)?)
    }

    pub(super) fn get_leaf(&self, id: Id, key: &str) -> Option<&Value> {
        self.leaf(self.get(id, key)?)
    }

    /// Sets an entry of an object: in place when the key is there, and otherwise at the end.
    pub(super) fn insert(&mut self, id: Id, key: &str, value: Id) {
        if let Node::Object(entries) = &mut self.nodes[id.0] {
            match entries.iter_mut().find(|(known, _)| known == key) {
                Some((_, slot)) => *slot = value,
                None => entries.push((key.to_owned(), value)),
            }
        }
    }

    pub(super) fn insert_value(&mut self, id: Id, key: &str, value: &Value) {
        let value = self.add(value);
        self.insert(id, key, value);
    }

    pub(super) fn insert_array(&mut self, id: Id, key: &str, items: Vec<Id>) {
        let items = self.push(Node::Array(items));
        self.insert(id, key, items);
    }

    pub(super) fn remove(&mut self, id: Id, key: &str) {
        if let Node::Object(entries) = &mut self.nodes[id.0] {
            entries.retain(|(known, _)| known != key);
        }
    }

    pub(super) fn replace_entries(&mut self, id: Id, entries: Vec<(String, Id)>) {
        self.nodes[id.0] = Node::Object(entries);
    }

    /// Whether two values are equal as JSON: `1` and `1.0` are, and the order of keys is no matter.
    pub(super) fn equal(&self, left: Id, right: Id) -> bool {
        if left == right {
            return true;
        }
        match (self.node(left), self.node(right)) {
            (Node::Object(left), Node::Object(_)) => {
                left.len() == self.entries(right).len()
                    && left.iter().all(|(key, value)| {
                        self.get(right, key)
                            .is_some_and(|other| self.equal(*value, other))
                    })
            }
            (Node::Array(left), Node::Array(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| self.equal(*left, *right))
            }
            (Node::Leaf(Value::Number(left)), Node::Leaf(Value::Number(right))) => {
                left == right
                    || (left.is_f64() != right.is_f64() && left.as_f64() == right.as_f64())
            }
            (Node::Leaf(left), Node::Leaf(right)) => left == right,
            _ => false,
        }
    }

    /// Writes the document out, shared parts as often as they are used.
    pub(super) fn to_value(&self, root: Id) -> Result<Value, Problem> {
        let mut budget = MAX_WRITTEN;
        self.write(root, 1, &mut budget)
    }

    fn write(&self, id: Id, depth: usize, budget: &mut usize) -> Result<Value, Problem> {
        // An expanded part keeps its depth, and may stand as deep as the limit allows.
        if depth > 2 * MAX_DEPTH {
            return Err(Problem::TooDeep);
        }
        *budget = budget.checked_sub(1).ok_or(Problem::TooLarge)?;
        match self.node(id) {
            Node::Leaf(value) => Ok(value.clone()),
            Node::Array(items) => items
                .iter()
                .map(|item| self.write(*item, depth + 1, budget))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::Array),
            Node::Object(entries) => entries
                .iter()
                .map(|(key, value)| Ok((key.clone(), self.write(*value, depth + 1, budget)?)))
                .collect::<Result<Map<_, _>, _>>()
                .map(Value::Object),
        }
    }
}
