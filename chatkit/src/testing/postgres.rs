//! A PostgreSQL server for tests.

use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A PostgreSQL server in a temporary folder, reached by a Unix socket in it, without a port.
///
/// It is stopped, and its folder deleted, when this value is dropped or the process ends, however that ends. It keeps
/// nothing safe from a crash of the machine, and is the faster for it.
///
/// A test binary needs one; let each test have a schema of its own in it (`PostgresOptions::schema`).
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// use chatkit::testing::PostgresCluster;
///
/// if let Some(cluster) = PostgresCluster::start_if_installed()? {
///     println!("{}", cluster.url()); // postgres://postgres:swordfish@localhost/postgres?host=/tmp/…
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PostgresCluster {
    folder: PathBuf,
    shell: Child,
}

// Makes a cluster, starts the server, waits until nobody holds the other end of its standard input, and cleans up.
const SCRIPT: &str = r#"
set -eu
# Ctrl-C in the terminal is for the tests.
trap '' INT HUP TERM
umask 077
folder=$(mktemp -d)
clean() {
    "$1/pg_ctl" stop --pgdata="$folder/data" --mode=immediate --wait --silent >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap 'clean "$1"' EXIT
cd "$folder"
{
    echo "$2" >password
    "$1/initdb" --pgdata="$folder/data" --username=postgres --pwfile=password --auth=password \
        --encoding=UTF8 --no-locale --no-sync
    "$1/pg_ctl" start --pgdata="$folder/data" --log="$folder/log" --wait --timeout=60 --silent \
        --options="-c listen_addresses='' -k $folder -c max_connections=200 -c shared_buffers=32MB \
            -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
} >out 2>&1 </dev/null || { cat out log 2>/dev/null || true; exit 1; }
echo "ready $folder"
exec >/dev/null 2>&1
cat
"#;

const PASSWORD: &str = "swordfish";

impl PostgresCluster {
    /// Starts a server, in one or two seconds; blocks the thread for that time.
    ///
    /// The programs `initdb` and `pg_ctl` are looked for on `PATH` and in `/usr/lib/postgresql`, the newest version first.
    /// They refuse to work for root: then they run as the user `nobody`.
    ///
    /// Fails when they are missing, or with what they have to say.
    pub fn start() -> io::Result<Self> {
        let programs = programs().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                "initdb and pg_ctl are not installed (on Debian: apt-get install postgresql)",
            )
        })?;
        let mut command = Command::new("sh");
        command
            .args(["-c", SCRIPT, "sh"])
            .arg(&programs)
            .arg(PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if id("-u", None)? == 0 {
            command
                .uid(id("-u", Some("nobody"))?)
                .gid(id("-g", Some("nobody"))?)
                .current_dir("/");
        }
        let mut shell = command.spawn()?;
        let mut output = BufReader::new(shell.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        match line.trim_end().strip_prefix("ready ") {
            Some(folder) => Ok(Self {
                folder: folder.into(),
                shell,
            }),
            None => {
                output.read_to_string(&mut line)?;
                shell.wait()?;
                Err(io::Error::other(format!(
                    "PostgreSQL does not start (the programs in {}): {line}",
                    programs.display()
                )))
            }
        }
    }

    /// [Starts](Self::start) a server, or gives `None` where PostgreSQL is not installed, so that tests can be skipped.
    ///
    /// Where the variable `CI` is set, missing programs are an error: what is skipped there is never run.
    pub fn start_if_installed() -> io::Result<Option<Self>> {
        let ci = env::var_os("CI").is_some_and(|value| !value.is_empty());
        match programs() {
            None if !ci => Ok(None),
            _ => Self::start().map(Some),
        }
    }

    /// The URL of the database `postgres`, for a superuser.
    pub fn url(&self) -> String {
        self.url_of("postgres", PASSWORD, "postgres")
    }

    /// The URL for a user and a database, which need not exist. `user` and `password` are written as they are.
    pub fn url_of(&self, user: &str, password: &str, database: &str) -> String {
        let folder = self.folder.display();
        format!("postgres://{user}:{password}@localhost/{database}?host={folder}")
    }
}

impl Drop for PostgresCluster {
    fn drop(&mut self) {
        // The end of its input ends the script; it is waited for, so that the folder is gone.
        drop(self.shell.stdin.take());
        self.shell.wait().ok();
    }
}

/// The directory with PostgreSQL's programs.
fn programs() -> Option<PathBuf> {
    let complete = |directory: &PathBuf| {
        ["initdb", "pg_ctl"]
            .iter()
            .all(|program| directory.join(program).is_file())
    };
    let path = env::var_os("PATH").unwrap_or_default();
    if let Some(directory) = env::split_paths(&path).find(complete) {
        return Some(directory);
    }
    let versions = Path::new("/usr/lib/postgresql").read_dir().ok()?;
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| {
            let version = version.ok()?;
            let number = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .collect();
    versions.sort();
    let mut directories = versions.into_iter().rev().map(|(_, directory)| directory);
    directories.find(complete)
}

/// A number of a user, the own one when none is named.
fn id(which: &str, user: Option<&str>) -> io::Result<u32> {
    let output = Command::new("id").arg(which).args(user).output()?;
    let number = String::from_utf8_lossy(&output.stdout);
    number
        .trim()
        .parse()
        .map_err(|_| io::Error::other(format!("there is no user {}", user.unwrap_or("here"))))
}
