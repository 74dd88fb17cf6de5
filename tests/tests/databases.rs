//! What holds on every store: in memory, in SQLite, in PostgreSQL. The last is ignored where it is not installed.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts tests, not the helpers of tests"
)]

mod crash;
mod files;
mod load;
mod scope;
#[allow(
    dead_code,
    unused_imports,
    reason = "what the other tests need is in it too"
)]
mod support;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use chatkit::testing::PostgresCluster;
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

/// Where the databases of this run are.
#[derive(Clone)]
struct Databases {
    folder: Arc<Folder>,
    cluster: Option<Arc<PostgresCluster>>,
}

/// A folder that is deleted with everything in it.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Memory,
    Sqlite,
    Postgres,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Memory, Self::Sqlite, Self::Postgres];

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

impl Databases {
    fn url(&self, kind: Kind, name: &str) -> String {
        match kind {
            Kind::Memory => "memory".to_owned(),
            Kind::Sqlite => format!("sqlite:{}", self.folder.0.join(name).display()),
            Kind::Postgres => {
                let cluster = self.cluster.as_ref().expect("ignored without a server");
                cluster.url()
            }
        }
    }

    /// A test on one kind of store, ignored where that cannot be had.
    fn trial(&self, kind: Kind, name: &str, test: impl FnOnce(Self) + Send + 'static) -> Trial {
        let databases = self.clone();
        let run = move || {
            test(databases);
            Ok(())
        };
        Trial::test(format!("{}::{name}", kind.name()), run)
            .with_ignored_flag(kind == Kind::Postgres && self.cluster.is_none())
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = Runtime::new().unwrap();
    let name = format!("databases-{}", std::process::id());
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let databases = Databases {
        folder: Arc::new(Folder(folder)),
        cluster: PostgresCluster::start_if_installed().unwrap().map(Arc::new),
    };
    let mut trials = Vec::new();
    scope::add(&mut trials, &databases, runtime.handle());
    crash::add(&mut trials, &databases, runtime.handle());
    files::add(&mut trials, &databases, runtime.handle());
    load::add(&mut trials, &databases, runtime.handle());
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(databases);
    conclusion.exit_code()
}
