//! How a server is reached.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::error::{McpError, McpErrorKind};
use crate::model::tls_config;

/// What a process gets of this program's environment: the list of the reference client of MCP. Keys are not in it.
#[cfg(not(windows))]
const INHERITED: &[&str] = &["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];
#[cfg(windows)]
const INHERITED: &[&str] = &[
    "APPDATA",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "USERNAME",
    "USERPROFILE",
];

/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 10;

/// A server that runs as a process of this program, and talks over its standard input and output.
///
/// What it writes to its standard error goes to this program's.
///
/// Of this program's environment it gets only what a program needs to run at all, such as `PATH` and `HOME`: the keys in
/// it are not for everyone. Give it the rest with [`env`](Self::env).
///
/// ```
/// use chatkit_agents::mcp::Stdio;
///
/// let files = Stdio::new("npx").args(["-y", "@modelcontextprotocol/server-filesystem", "/srv/data"]);
/// ```
#[derive(Clone)]
#[doc(alias = "MCPServerStdio")]
pub struct Stdio {
    command: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    cwd: Option<PathBuf>,
}

impl Stdio {
    /// A command: a path, or a name that is looked for in `PATH`. No shell reads it.
    pub fn new(command: impl Into<OsString>) -> Self {
        Self {
            command: command.into(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Sets the directory that the process runs in. By default it is this program's.
    #[must_use]
    pub fn cwd(mut self, directory: impl AsRef<Path>) -> Self {
        self.cwd = Some(directory.as_ref().to_owned());
        self
    }

    fn name(&self) -> String {
        let command = Path::new(&self.command);
        let name = command.file_stem().unwrap_or(&self.command);
        name.to_string_lossy().into_owned()
    }

    /// Starts the process. It is killed when what this gives is dropped.
    pub(super) fn spawn(&self, server: &str) -> Result<tokio::process::Child, McpError> {
        let inherited = INHERITED
            .iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut command = tokio::process::Command::new(&self.command);
        command
            .args(&self.args)
            .env_clear()
            .envs(inherited)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true);
        if let Some(directory) = &self.cwd {
            command.current_dir(directory);
        }
        command.spawn().map_err(|error| {
            let command = self.command.to_string_lossy();
            let place = self
                .cwd
                .as_deref()
                .map(|cwd| format!(" in {}", cwd.display()));
            let place = place.unwrap_or_default();
            let message = format!(
                "the command `{command}` of the MCP server {server} cannot be started{place}"
            );
            McpError::new(McpErrorKind::Config, message).caused_by(error)
        })
    }
}

/// The arguments and the environment may hold keys: they are not shown.
impl fmt::Debug for Stdio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdio")
            .field("command", &self.command)
            .field("cwd", &self.cwd)
            .finish_non_exhaustive()
    }
}

/// A server at an address, which talks streamable HTTP.
///
/// Redirects are followed only where they keep the request and lead to the same origin: a header with a key goes nowhere
/// else. Put keys into headers, not into the address.
///
/// ```
/// use chatkit_agents::mcp::StreamableHttp;
///
/// let wiki = StreamableHttp::new("https://mcp.example.com/mcp").bearer_auth("token");
/// ```
#[derive(Clone)]
#[doc(alias = "MCPServerStreamableHttp")]
pub struct StreamableHttp {
    url: String,
    token: Option<String>,
    headers: Vec<(String, String)>,
    client: Option<reqwest::Client>,
}

impl StreamableHttp {
    /// The server at this `http` or `https` URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            token: None,
            headers: Vec::new(),
            client: None,
        }
    }

    /// Sets the token of the `Authorization: Bearer` header.
    #[must_use]
    pub fn bearer_auth(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Adds a header to every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the HTTP client, for a proxy or certificates of your own. It must have neither a total timeout, because
    /// answers are streams, nor follow redirects to other origins.
    #[must_use]
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.client = Some(client);
        self
    }

    fn name(&self) -> String {
        let url = Url::parse(&self.url).ok();
        let host = url.as_ref().and_then(Url::host_str);
        host.unwrap_or("server").to_owned()
    }

    /// The client and the configuration of a connection.
    pub(super) fn resolve(&self, server: &str) -> Result<Resolved, McpError> {
        let wrong = |field: &str, problem: &str| {
            let message = format!("{field} of the MCP server {server} {problem}");
            McpError::new(McpErrorKind::Config, message)
        };
        let url = Url::parse(&self.url).ok();
        let url = url
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| wrong("the URL", "is not an http or https URL"))?;
        let mut headers = HashMap::new();
        let token = self.token.as_ref().map(|token| {
            let value = format!("Bearer {token}");
            ("authorization", "the token", value)
        });
        let given = self.headers.iter();
        let given = given.map(|(name, value)| (name.as_str(), name.as_str(), value.clone()));
        for (name, field, value) in given.chain(token) {
            // The causes are left out: they could show the value.
            let header = HeaderName::try_from(name)
                .map_err(|_| wrong(&format!("the header name {name:?}"), "is not valid"))?;
            let mut value = HeaderValue::try_from(value)
                .map_err(|_| wrong(field, "has characters that a header cannot carry"))?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        let client = match &self.client {
            Some(client) => client.clone(),
            None => http_client(&url)
                .map_err(|error| wrong("the HTTP client", "cannot be set up").caused_by(error))?,
        };
        Ok(Resolved {
            client,
            url,
            headers,
        })
    }
}

pub(super) struct Resolved {
    pub(super) client: reqwest::Client,
    pub(super) url: Url,
    pub(super) headers: HashMap<HeaderName, HeaderValue>,
}

fn http_client(url: &Url) -> Result<reqwest::Client, chatkit::BoxError> {
    let same_origin = reqwest::redirect::Policy::custom(|attempt| {
        let keeps_body = matches!(attempt.status().as_u16(), 307 | 308);
        let first = attempt.previous().first();
        let same_origin = first.is_some_and(|first| first.origin() == attempt.url().origin());
        if keeps_body && same_origin && attempt.previous().len() <= MAX_REDIRECTS {
            attempt.follow()
        } else {
            attempt.stop()
        }
    });
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls_config(url)?)
        .redirect(same_origin)
        .build()?;
    Ok(client)
}

impl fmt::Debug for StreamableHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamableHttp")
            .field("host", &self.name())
            .finish_non_exhaustive()
    }
}

/// How a server is reached.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum McpTransport {
    /// A process of this program.
    Stdio(Stdio),
    /// An address.
    StreamableHttp(StreamableHttp),
}

impl McpTransport {
    /// A name for a server that was given none.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Stdio(process) => process.name(),
            Self::StreamableHttp(address) => address.name(),
        }
    }
}

impl From<Stdio> for McpTransport {
    fn from(process: Stdio) -> Self {
        Self::Stdio(process)
    }
}

impl From<StreamableHttp> for McpTransport {
    fn from(address: StreamableHttp) -> Self {
        Self::StreamableHttp(address)
    }
}
