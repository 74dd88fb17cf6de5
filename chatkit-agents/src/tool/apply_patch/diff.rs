//! The diffs that models write, in the format V4A.
//!
//! A diff has sections. Each may begin with `@@` lines, which name a line of the file that comes before the change, such
//! as the head of a function. Then come lines of the file after a blank, lines to remove after `-`, and lines to add
//! after `+`. There are no line numbers: a section belongs where its lines are found next. `*** End of File` says that
//! it is at the end.
//!
//! The rules are those of `agents.apply_diff` in `openai-agents` 0.24.

use crate::tool::ToolError;

/// Where the patch of a file ends; a model may write the frame of a whole patch around it.
const ENDS: [&str; 4] = [
    "*** End Patch",
    "*** Update File:",
    "*** Delete File:",
    "*** Add File:",
];
const END_OF_FILE: &str = "*** End of File";

/// Applies a diff to the text of a file.
///
/// Lines end as they do in the text; where it has only one, as they do in the diff. Lines that differ from the file only
/// in the blanks around them are taken for the same.
///
/// ```
/// use chatkit_agents::tool::apply_diff;
///
/// let text = "fn main() {\n    let a = 1;\n}\n";
/// let diff = "@@ fn main() {\n-    let a = 1;\n+    let a = 2;\n }";
/// assert_eq!(apply_diff(text, diff).unwrap(), "fn main() {\n    let a = 2;\n}\n");
/// ```
///
/// # Errors
///
/// When the diff is no diff, or its lines are not found. The model reads which.
pub fn apply_diff(text: &str, diff: &str) -> Result<String, ToolError> {
    let newline = newline_of(if text.contains('\n') { text } else { diff });
    let text = text.replace("\r\n", "\n");
    let file: Vec<&str> = text.split('\n').collect();
    let mut parser = Parser::new(diff);
    let mut result: Vec<&str> = Vec::with_capacity(file.len());
    // How many lines of the file have been dealt with, and where the next section is searched.
    let (mut copied, mut from) = (0, 0);
    while !parser.is_at_end() {
        let anchors = parser.anchors();
        if anchors.is_empty() && from != 0 {
            let line = parser.peek().unwrap_or_default();
            return Err(error("expected a line that begins with `@@`", line));
        }
        from = find_anchors(&file, &anchors, from)?;
        let section = parser.section()?;
        let at = section.find(&file, from)?;
        for change in &section.changes {
            let place = at + change.at;
            let Some(kept) = file.get(copied..place) else {
                return Err(error("two changes overlap at", &section.lines.join("\n")));
            };
            result.extend(kept);
            result.extend(&change.added);
            copied = place + change.removed;
        }
        from = at + section.lines.len();
    }
    result.extend(file.get(copied..).unwrap_or_default());
    Ok(result.join(newline))
}

/// The text of a new file, from a diff in which each line begins with `+`.
///
/// ```
/// use chatkit_agents::tool::create_file_text;
///
/// assert_eq!(create_file_text("+one\n+two\n").unwrap(), "one\ntwo");
/// ```
///
/// # Errors
///
/// When a line begins with something else. The model reads which.
pub fn create_file_text(diff: &str) -> Result<String, ToolError> {
    let mut parser = Parser::new(diff);
    let mut lines = Vec::new();
    while let Some(line) = parser.peek().filter(|line| !begins_with(line, &ENDS)) {
        match line.strip_prefix('+') {
            Some(added) => lines.push(added),
            None => return Err(error("a line of a new file begins with `+`, not so", line)),
        }
        parser.next += 1;
    }
    Ok(lines.join(newline_of(diff)))
}

fn newline_of(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

fn begins_with(line: &str, any: &[&str]) -> bool {
    any.iter().any(|start| line.starts_with(start))
}

fn error(problem: &str, lines: &str) -> ToolError {
    ToolError::for_model(format!("The diff cannot be applied: {problem}:\n{lines}"))
}

/// The lines of a diff.
struct Parser<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

/// Lines of the file, and what changes in them.
struct Section<'a> {
    /// The lines that must be there: those that stay, and those that are removed.
    lines: Vec<&'a str>,
    changes: Vec<Change<'a>>,
    at_end: bool,
}

#[derive(Default)]
struct Change<'a> {
    /// Before which of the section's lines.
    at: usize,
    removed: usize,
    added: Vec<&'a str>,
}

impl<'a> Parser<'a> {
    fn new(diff: &'a str) -> Self {
        let mut lines: Vec<&str> = diff
            .split('\n')
            .map(|line| line.trim_end_matches('\r'))
            .collect();
        if lines.last() == Some(&"") {
            lines.pop();
        }
        Self { lines, next: 0 }
    }

    fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.next).copied()
    }

    fn is_at_end(&self) -> bool {
        self.peek()
            .is_none_or(|line| begins_with(line, &ENDS) || line.starts_with(END_OF_FILE))
    }

    /// The texts after `@@`, which may be empty.
    fn anchors(&mut self) -> Vec<&'a str> {
        let mut anchors = Vec::new();
        while let Some(line) = self.peek() {
            match line.strip_prefix("@@") {
                Some("") => anchors.push(""),
                Some(rest) if rest.starts_with(' ') => anchors.push(&rest[1..]),
                _ => break,
            }
            self.next += 1;
        }
        anchors
    }

    fn section(&mut self) -> Result<Section<'a>, ToolError> {
        let mut section = Section {
            lines: Vec::new(),
            changes: Vec::new(),
            at_end: false,
        };
        let start = self.next;
        // The change that the last line belongs to.
        let mut change: Option<Change<'a>> = None;
        while let Some(line) = self.peek() {
            if line.starts_with("@@") || line == "***" || self.is_at_end() {
                break;
            }
            // A model leaves out the blank of an empty line.
            let (sign, text) = match line.chars().next() {
                None => (' ', ""),
                Some(sign @ (' ' | '+' | '-')) => (sign, &line[1..]),
                Some(_) => {
                    return Err(error(
                        "a line begins with a blank, `+` or `-`, not so",
                        line,
                    ));
                }
            };
            self.next += 1;
            if sign == ' ' {
                section.changes.extend(change.take());
            } else {
                let change = change.get_or_insert_with(|| Change {
                    at: section.lines.len(),
                    ..Change::default()
                });
                if sign == '+' {
                    change.added.push(text);
                    continue;
                }
                change.removed += 1;
            }
            section.lines.push(text);
        }
        section.changes.extend(change);
        if self.peek() == Some(END_OF_FILE) {
            self.next += 1;
            section.at_end = true;
        } else if self.next == start {
            return Err(error(
                "a section is empty at",
                self.peek().unwrap_or_default(),
            ));
        }
        Ok(section)
    }
}

impl Section<'_> {
    /// The index of the line of the file that the section begins with.
    fn find(&self, file: &[&str], from: usize) -> Result<usize, ToolError> {
        let found = if self.at_end {
            // What comes behind the last newline is no line.
            let file = file.strip_suffix(&[""]).unwrap_or(file);
            let end = file.len().saturating_sub(self.lines.len());
            find_lines(file, &self.lines, end)
                .or_else(|| find_lines(file, &self.lines, from.min(file.len())))
        } else {
            find_lines(file, &self.lines, from)
        };
        found.ok_or_else(|| {
            let problem = if self.at_end {
                "the end of the file has no such lines"
            } else {
                "the file has no such lines there"
            };
            error(problem, &self.lines.join("\n"))
        })
    }
}

/// Where the lines are found next: as they are, or else with other blanks after them, or else around them.
fn find_lines(file: &[&str], lines: &[&str], from: usize) -> Option<usize> {
    let find = |same: fn(&str, &str) -> bool| {
        let mut windows = file.get(from..)?.windows(lines.len());
        let found = windows.position(|window| {
            window
                .iter()
                .zip(lines)
                .all(|(left, right)| same(left, right))
        })?;
        Some(from + found)
    };
    if lines.is_empty() {
        return Some(from);
    }
    find(|left, right| left == right)
        .or_else(|| find(|left, right| left.trim_end() == right.trim_end()))
        .or_else(|| find(|left, right| left.trim() == right.trim()))
}

/// The line after the anchors. One that is not found is no matter, unless there are several.
fn find_anchors(file: &[&str], anchors: &[&str], mut from: usize) -> Result<usize, ToolError> {
    let named = anchors.iter().filter(|anchor| !anchor.trim().is_empty());
    for (index, anchor) in named.enumerate() {
        match find_anchor(file, anchor, from, index == 0) {
            Some(behind) => from = behind,
            None if anchors.len() > 1 => {
                return Err(error("the file has no such line there", anchor));
            }
            None => {}
        }
    }
    Ok(from)
}

/// The line after the anchor; `from` itself when the anchor is before it already, and may be.
fn find_anchor(file: &[&str], anchor: &str, from: usize, before: bool) -> Option<usize> {
    let find = |same: fn(&str, &str) -> bool| {
        let (passed, ahead) = file.split_at_checked(from)?;
        if before && passed.iter().any(|line| same(line, anchor)) {
            return Some(from);
        }
        let found = ahead.iter().position(|line| same(line, anchor))?;
        Some(from + found + 1)
    };
    find(|left, right| left == right).or_else(|| find(|left, right| left.trim() == right.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POEM: &str = "one\ntwo\nthree\nfour\nfive\n";

    fn applied(text: &str, diff: &str) -> String {
        apply_diff(text, diff).unwrap()
    }

    fn failure(text: &str, diff: &str) -> String {
        apply_diff(text, diff)
            .unwrap_err()
            .model_message()
            .to_owned()
    }

    #[test]
    fn lines_are_replaced_added_and_removed() {
        assert_eq!(
            applied(POEM, " one\n-two\n+2\n three"),
            "one\n2\nthree\nfour\nfive\n"
        );
        assert_eq!(
            applied(POEM, "@@\n+zero\n one"),
            "zero\none\ntwo\nthree\nfour\nfive\n"
        );
        assert_eq!(applied(POEM, "-one\n-two\n three"), "three\nfour\nfive\n");
        assert_eq!(
            applied(POEM, " one\n-two\n three\n-four\n+4\n+4.5\n five"),
            "one\nthree\n4\n4.5\nfive\n"
        );
        assert_eq!(applied("", "+new"), "new\n");
        assert_eq!(applied("a", "-a\n+b"), "b");
    }

    #[test]
    fn sections_follow_one_another() {
        assert_eq!(
            applied(POEM, "@@\n-one\n+1\n@@\n-five\n+5"),
            "1\ntwo\nthree\nfour\n5\n"
        );
        // The second section is searched behind the first.
        assert_eq!(
            applied("a\nb\na\nb\n", "@@\n-a\n+A\n@@\n-a\n+A"),
            "A\nb\nA\nb\n"
        );
        let text = failure(POEM, "@@\n-five\n+5\n@@\n-one\n+1");
        assert!(text.contains("no such lines there:\none"), "{text}");
    }

    #[test]
    fn anchors_say_where() {
        let text = "class A:\n  def f():\n    pass\nclass B:\n  def f():\n    pass\n";
        assert_eq!(
            applied(text, "@@ class B:\n   def f():\n-    pass\n+    return 1"),
            "class A:\n  def f():\n    pass\nclass B:\n  def f():\n    return 1\n"
        );
        assert_eq!(
            applied(text, "@@ class B:\n@@   def f():\n-    pass\n+    return 2"),
            "class A:\n  def f():\n    pass\nclass B:\n  def f():\n    return 2\n"
        );
        // Only the blanks differ.
        assert_eq!(
            applied(text, "@@ def f():\n-    pass\n+    return 3"),
            "class A:\n  def f():\n    return 3\nclass B:\n  def f():\n    pass\n"
        );
        // One that is not there is no matter, several must be there.
        assert_eq!(
            applied(POEM, "@@ nowhere\n-one"),
            "two\nthree\nfour\nfive\n"
        );
        let text = failure(POEM, "@@ two\n@@ one\n-three");
        assert!(text.contains("no such line there:\none"), "{text}");
    }

    #[test]
    fn blanks_may_differ() {
        assert_eq!(applied("a  \nb\n", " a\n-b\n+c"), "a  \nc\n");
        assert_eq!(applied("    a\nb\n", " a\n-b\n+c"), "    a\nc\n");
        // A line as it is wins over one with other blanks.
        assert_eq!(applied(" x\nx\n", "-x\n+y"), " x\ny\n");
    }

    #[test]
    fn the_end_of_the_file_is_found() {
        assert_eq!(
            applied("a\nb\na\nb\n", "@@\n a\n-b\n+c\n*** End of File"),
            "a\nb\na\nc\n"
        );
        assert_eq!(applied("a\nb\n", "+c\n*** End of File"), "a\nb\nc\n");
        assert!(failure("a\n", " b\n*** End of File").contains("the end of the file"));
    }

    #[test]
    fn newlines_are_those_of_the_file() {
        assert_eq!(applied("a\r\nb\r\n", "-a\n+A"), "A\r\nb\r\n");
        assert_eq!(applied("a\nb\n", "-a\r\n+A\r\n"), "A\nb\n");
        assert_eq!(create_file_text("+a\r\n+b\r\n").unwrap(), "a\r\nb");
    }

    #[test]
    fn the_frame_of_a_patch_is_left_out() {
        assert_eq!(applied("a\n", "-a\n+b\n*** End Patch\n"), "b\n");
        assert_eq!(create_file_text("+a\n*** End Patch").unwrap(), "a");
    }

    #[test]
    fn what_is_no_diff_is_said() {
        for (diff, problem) in [
            ("one", "not so:\none"),
            (" one\n*** Begin", "not so:\n*** Begin"),
            ("@@", "a section is empty"),
            ("@@\n***", "a section is empty"),
            (" one\n***\n two", "expected a line that begins with `@@`"),
        ] {
            let text = failure(POEM, diff);
            assert!(text.contains(problem), "{diff}: {text}");
        }
        let error = create_file_text("+a\nb").unwrap_err();
        assert!(error.model_message().ends_with("not so:\nb"));
    }

    proptest::proptest! {
        /// No text from a model brings the program down.
        #[test]
        fn no_diff_panics(text in "[ab\n\r ]{0,20}", diff in "([-+ @*ab]{0,4}\n|@@ a\n|\\*\\*\\* End of File\n){0,8}") {
            let _ = apply_diff(&text, &diff);
            let _ = create_file_text(&diff);
        }
    }
}
