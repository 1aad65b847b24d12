//! `[server]`: where it listens and which browsers may talk to it.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    str::FromStr,
};

use crate::{
    Env, Origin,
    form::{Form, Wrong},
    origin::{is_host, split_port},
    reader::{Keys, Table},
};

/// `[server]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// The address that it listens on.
    pub listen: Listen,
    /// Pages of these origins may use the API from a browser.
    pub cors_origins: Vec<Origin>,
    /// Names in a `Host` header that are served, besides those of the loopback interface; in lower case, with a
    /// port or for any.
    pub allowed_hosts: Vec<String>,
}

/// An address of the loopback interface.
///
/// Anything else would offer to the network what needs no token.
///
/// ```
/// use adw_config::Listen;
/// assert_eq!("localhost:8000".parse::<Listen>().unwrap(), Listen::default());
/// assert!("0.0.0.0:8000".parse::<Listen>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(SocketAddr);

/// An address that can't be listened on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidListen {
    /// It is no address.
    Malformed(String),
    /// Others than this machine could reach it.
    NotLoopback(SocketAddr),
}

impl std::error::Error for InvalidListen {}

impl fmt::Display for InvalidListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what(), self.help())
    }
}

impl InvalidListen {
    fn what(&self) -> String {
        match self {
            Self::Malformed(text) => format!("{text:?} is not an address"),
            Self::NotLoopback(addr) => format!("{addr} can be reached from outside of this machine"),
        }
    }

    const fn help(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "write IP:PORT, as in 127.0.0.1:8000; port 0 takes any free one",
            Self::NotLoopback(_) => {
                "that needs tokens, which this version does not have; use a loopback address such as 127.0.0.1:8000"
            }
        }
    }
}

impl Listen {
    /// Any free port of 127.0.0.1.
    pub const ANY_PORT: Self = Self(SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)));

    /// The address, for a socket.
    pub const fn addr(self) -> SocketAddr {
        self.0
    }
}

impl Default for Listen {
    /// 127.0.0.1:8000.
    fn default() -> Self {
        Self(SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)))
    }
}

impl FromStr for Listen {
    type Err = InvalidListen;

    fn from_str(text: &str) -> Result<Self, InvalidListen> {
        // The name is not looked up: on a machine where it means something else, it still means this.
        let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
        let addr: SocketAddr = numeric
            .as_deref()
            .unwrap_or(text)
            .parse()
            .map_err(|_| InvalidListen::Malformed(text.to_owned()))?;
        if addr.ip().is_loopback() { Ok(Self(addr)) } else { Err(InvalidListen::NotLoopback(addr)) }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the common development servers for browsers listen.
const DEFAULT_ORIGINS: [&str; 2] = ["http://localhost:5173", "http://localhost:3000"];

const LISTEN: Form<Listen> = Form {
    expected: "an address in quotes, such as \"127.0.0.1:8000\"",
    read: |text| {
        text.parse().map_err(|invalid: InvalidListen| Wrong::new(invalid.what()).help(invalid.help()))
    },
};

const ORIGIN: Form<Origin> = Form {
    expected: "an origin, such as \"http://localhost:5173\"",
    read: |text| {
        if text == "*" {
            return Err(Wrong::new("`*` would let every page on the web use this server")
                .help("name the origins, as in [\"http://localhost:5173\"]"));
        }
        text.parse().map_err(|invalid: crate::InvalidOrigin| {
            Wrong::new(format!("{text:?} is not an origin")).help(invalid.reason)
        })
    },
};

const HOST: Form<String> = Form {
    expected: "a host name, such as \"adw.internal\" or \"adw.internal:8000\"",
    read: |text| match split_port(text) {
        Some((host, _)) if is_host(host) => Ok(text.to_ascii_lowercase()),
        _ => Err(Wrong::new(format!("{text:?} is not a host name"))
            .help("write it as a browser's address bar has it, without http:// and path")),
    },
};

pub(crate) fn read(root: &Table<'_>, env: &Env) -> ServerConfig {
    let keys = Keys::flat(&["listen", "cors_origins", "allowed_hosts"]);
    let table = root.overridable("server", &keys, env);
    let default_origins = || DEFAULT_ORIGINS.iter().filter_map(|origin| origin.parse().ok()).collect();
    ServerConfig {
        listen: table.read("listen", &LISTEN).unwrap_or_default(),
        cors_origins: table
            .get("cors_origins")
            .and_then(|entry| {
                entry.list_of("a list of origins, such as [\"http://localhost:5173\"]", &ORIGIN)
            })
            .unwrap_or_else(default_origins),
        allowed_hosts: table
            .get("allowed_hosts")
            .and_then(|entry| entry.list_of("a list of host names, such as [\"adw.internal\"]", &HOST))
            .unwrap_or_default(),
    }
}
