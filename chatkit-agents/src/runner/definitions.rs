//! The `tools` array of a request: namespaces, and tools that depend on one another.

use serde_json::{Map, Value, json};

use super::error::{RunError, RunErrorKind};
use crate::tool::Tool;

/// The entries for the tools. Functions of one namespace are inside of it, and it is where its first function was.
///
/// `managed` says that a stored prompt may bring tools that are not known here.
pub(super) fn definitions<C: 'static>(
    tools: &[Tool<C>],
    managed: bool,
) -> Result<Vec<Value>, RunError> {
    let mut definitions: Vec<Value> = Vec::with_capacity(tools.len());
    for tool in tools {
        let wire = tool.to_wire()?;
        let Some(namespace) = tool.namespace() else {
            definitions.push(wire);
            continue;
        };
        if namespace.name.is_empty() || namespace.description.is_empty() {
            return Err(config("a namespace is without a name or a description"));
        }
        let known = definitions
            .iter_mut()
            .find(|known| known["type"] == "namespace" && known["name"] == *namespace.name);
        let Some(known) = known else {
            definitions.push(json!({
                "type": "namespace",
                "name": namespace.name,
                "description": namespace.description,
                "tools": [wire],
            }));
            continue;
        };
        if known["description"] != *namespace.description {
            let name = &namespace.name;
            return Err(config(format!(
                "the namespace {name} has two descriptions: its tools must agree on one"
            )));
        }
        if let Some(tools) = known["tools"].as_array_mut() {
            tools.push(wire);
        }
    }
    check(&definitions, managed)?;
    Ok(definitions)
}

/// What the tools ask of one another.
#[derive(Default)]
struct Needs {
    tool_search: usize,
    programmatic: usize,
    /// A tool that can only be found by searching.
    deferred: Option<String>,
    has_namespace: bool,
    /// A tool that programs may call, and one that nothing else may call.
    for_programs: bool,
    only_for_programs: Option<String>,
}

impl Needs {
    fn add(&mut self, tool: &Map<String, Value>) {
        let text = |field: &str| tool.get(field).and_then(Value::as_str);
        let name = || {
            text("name")
                .or(text("server_label"))
                .or(text("type"))
                .unwrap_or_default()
                .to_owned()
        };
        match text("type") {
            Some("tool_search") => self.tool_search += 1,
            Some("programmatic_tool_calling") => self.programmatic += 1,
            Some("namespace") => {
                self.has_namespace = true;
                let tools = tool.get("tools").and_then(Value::as_array);
                for tool in tools.into_iter().flatten().filter_map(Value::as_object) {
                    self.add(tool);
                }
            }
            Some("function" | "mcp") if tool.get("defer_loading") == Some(&Value::Bool(true)) => {
                self.deferred.get_or_insert_with(name);
            }
            _ => {}
        }
        let Some(callers) = tool.get("allowed_callers").and_then(Value::as_array) else {
            return;
        };
        let allows = |caller: &str| callers.iter().any(|known| known == caller);
        if allows("programmatic") {
            self.for_programs = true;
            if !allows("direct") {
                self.only_for_programs.get_or_insert_with(name);
            }
        }
    }
}

/// The API refuses such a request with words that name no tool; the reason is found here before it is sent.
fn check(definitions: &[Value], managed: bool) -> Result<(), RunError> {
    let mut needs = Needs::default();
    for tool in definitions.iter().filter_map(Value::as_object) {
        needs.add(tool);
    }
    let searchable = needs.deferred.is_some() || needs.has_namespace || managed;
    if needs.tool_search > 1 || needs.programmatic > 1 {
        return Err(config(
            "an agent has at most one ToolSearchTool and one ProgrammaticToolCallingTool",
        ));
    }
    if let (Some(name), 0) = (&needs.deferred, needs.tool_search) {
        return Err(config(format!(
            "the tool {name} has defer_loading: only a ToolSearchTool finds it, and the agent has none"
        )));
    }
    if needs.tool_search == 1 && !searchable {
        return Err(config(
            "the ToolSearchTool finds nothing: no tool has defer_loading or a namespace",
        ));
    }
    if let (Some(name), 0) = (&needs.only_for_programs, needs.programmatic) {
        return Err(config(format!(
            "the tool {name} is for programs only, and the agent has no ProgrammaticToolCallingTool"
        )));
    }
    if needs.programmatic == 1 && !needs.for_programs && needs.tool_search == 0 && !managed {
        return Err(config(
            "the ProgrammaticToolCallingTool has no tool to call: none allows programmatic callers",
        ));
    }
    Ok(())
}

fn config(message: impl Into<std::borrow::Cow<'static, str>>) -> RunError {
    RunError::new(RunErrorKind::Config, message)
}
