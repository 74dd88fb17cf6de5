//! What tests of stores need: the rules of [`Store`](crate::store::Store) as checks, and a PostgreSQL server of their own.
//!
//! A store of yours keeps what the traits promise when all its [`store_checks`] pass:
//!
//! ```
//! use chatkit::store::MemoryStore;
//! use chatkit::testing::{run_all, store_checks};
//!
//! struct User(String);
//!
//! #[tokio::test]
//! # async fn hidden() {}
//! async fn my_store_keeps_the_rules() {
//!     let open = || async { MemoryStore::new().scoped(|user: &User| user.0.clone()) };
//!     run_all(store_checks(open, |name| User(name.to_owned()))).await.unwrap();
//! }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(my_store_keeps_the_rules());
//! ```
//!
//! Each [`Check`] has a name and says which rule it is; they can also be run one by one, each as a test of its own.

mod attachments;
#[cfg(unix)]
mod postgres;
mod store;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use attachments::attachment_store_checks;
#[cfg(unix)]
pub use postgres::PostgresCluster;
pub use store::{store_checks, unscoped_store_checks};

use crate::store::StoreError;
use crate::types::{JsonObject, ThreadItem};

/// Thread items for tests of whatever takes any of them: at least one of each type, some in several states.
///
/// All are of the thread `thr_1`; their ids are not all different.
pub fn items() -> Vec<ThreadItem> {
    let samples: JsonObject =
        serde_json::from_str(include_str!("items.json")).expect("the file is an object");
    let items = samples.into_values().map(serde_json::from_value);
    items
        .collect::<Result<_, _>>()
        .expect("the file holds items")
}

/// One rule, and how to find out whether it is kept.
#[derive(Clone)]
pub struct Check {
    name: &'static str,
    rule: &'static str,
    run: Arc<dyn Fn() -> Running + Send + Sync>,
}

type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// What a check finds.
type Outcome = Result<(), Broken>;

impl Check {
    fn new<F>(
        name: &'static str,
        rule: &'static str,
        run: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        Self {
            name,
            rule,
            run: Arc::new(move || Box::pin(run())),
        }
    }

    /// The name, an identifier such as `items_in_order`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The rule, in a sentence.
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// Finds out whether the rule is kept. Needs a Tokio runtime. Dropping the future leaves what the check has stored.
    pub async fn run(&self) -> Result<(), Violation> {
        (self.run)().await.map_err(|broken| Violation {
            check: self.name,
            rule: self.rule,
            broken,
        })
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("name", &self.name)
            .field("rule", &self.rule)
            .finish_non_exhaustive()
    }
}

/// Runs checks one after the other, all of them whatever the first ones find.
///
/// Fails with every rule that is broken. `unwrap` on the result shows them.
pub async fn run_all(checks: impl IntoIterator<Item = Check>) -> Result<(), Violations> {
    let mut violations = Vec::new();
    let mut kept = 0;
    for check in checks {
        match check.run().await {
            Ok(()) => kept += 1,
            Err(violation) => violations.push(violation),
        }
    }
    match violations.is_empty() {
        true => Ok(()),
        false => Err(Violations { violations, kept }),
    }
}

/// A rule that is broken: which one, what was expected, and what was found.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation {
    check: &'static str,
    rule: &'static str,
    broken: Broken,
}

/// How a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Broken {
    what: String,
    expected: String,
    found: String,
}

impl Violation {
    /// The name of the check.
    pub fn check(&self) -> &'static str {
        self.check
    }

    /// The rule, in a sentence.
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// What was looked at, such as a call and its arguments.
    pub fn what(&self) -> &str {
        &self.broken.what
    }

    /// What should have come of it.
    pub fn expected(&self) -> &str {
        &self.broken.expected
    }

    /// What came of it.
    pub fn found(&self) -> &str {
        &self.broken.found
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken {
            what,
            expected,
            found,
        } = &self.broken;
        write!(
            f,
            "{}: {}\n  {what}\n    expected: {expected}\n    found:    {found}",
            self.check, self.rule
        )
    }
}

// As people read it, so that `unwrap` shows it that way.
impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violation {}

/// The rules that are broken, at least one.
#[derive(Clone, PartialEq, Eq)]
pub struct Violations {
    violations: Vec<Violation>,
    kept: usize,
}

impl Violations {
    /// One by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.violations.iter()
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broken = self.violations.len();
        write!(f, "{broken} of {} rules are broken", broken + self.kept)?;
        for violation in self {
            write!(f, "\n\n{violation}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violations {}

// What the checks are written with.

/// The value must be the expected one.
fn same<T: PartialEq + fmt::Debug>(what: &str, found: &T, expected: &T) -> Outcome {
    match found == expected {
        true => Ok(()),
        false => Err(broken(what, shown(expected), shown(found))),
    }
}

/// The statement must be true.
fn holds(what: &str, expected: &str, holds: bool, found: &impl fmt::Debug) -> Outcome {
    match holds {
        true => Ok(()),
        false => Err(broken(what, expected, shown(found))),
    }
}

/// The call must succeed.
fn ok<T>(what: &str, result: Result<T, StoreError>) -> Result<T, Broken> {
    result.map_err(|error| broken(what, "success", shown(&error)))
}

/// The call must fail, as there is no such thing.
fn not_found<T: fmt::Debug>(
    what: &str,
    result: &Result<T, StoreError>,
    kind: &str,
    id: &str,
) -> Outcome {
    match result {
        Err(StoreError::NotFound { what, id: found }) if *what == kind && found == id => Ok(()),
        _ => {
            let expected = format!("StoreError::NotFound {{ what: {kind:?}, id: {id:?} }}");
            Err(broken(what, expected, shown(result)))
        }
    }
}

fn broken(what: &str, expected: impl Into<String>, found: impl Into<String>) -> Broken {
    Broken {
        what: what.to_owned(),
        expected: expected.into(),
        found: found.into(),
    }
}

/// A value in the words of `Debug`, shortened where it is very long.
fn shown(value: &impl fmt::Debug) -> String {
    const LONGEST: usize = 2000;
    let mut text = format!("{value:?}");
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}
