//! `scheme://host[:port]`, as browsers send it in `Origin` and as `[[grants.http]]` names its destinations.

use std::{fmt, str::FromStr};

/// A scheme, a host and perhaps a port, in the one spelling that browsers send: lower case, without the scheme's own
/// port.
///
/// ```
/// use adw_config::Origin;
/// assert_eq!("HTTP://LocalHost:80".parse::<Origin>().unwrap().as_str(), "http://localhost");
/// assert!("http://localhost:5173/".parse::<Origin>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// A text that is no [`Origin`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an origin: {reason}")]
pub struct InvalidOrigin {
    /// As it came.
    pub text: String,
    /// What it should have.
    pub reason: &'static str,
}

impl Origin {
    /// The origin, for a comparison with the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let invalid = |reason| InvalidOrigin { text: text.to_owned(), reason };
        let lower = text.to_ascii_lowercase();
        let (scheme, authority) =
            lower.split_once("://").ok_or_else(|| invalid("it begins with http:// or https://"))?;
        let own_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(invalid("it begins with http:// or https://")),
        };
        if authority.contains(['/', '?', '#', '@']) {
            return Err(invalid("it ends after the host and its port, without a slash or a path"));
        }
        let (host, port) =
            split_port(authority).ok_or_else(|| invalid("its port is a number from 1 to 65535"))?;
        if !is_host(host) {
            return Err(invalid("its host is a name or an address, such as localhost or [::1]"));
        }
        Ok(Self(match port.filter(|port| *port != own_port) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }))
    }
}

/// The host and the port of `host[:port]`; none where the port is no port.
pub(crate) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_host = authority.rfind(']').map_or(0, |end| end + 1);
    match authority[after_host..].find(':') {
        None => Some((authority, None)),
        Some(colon) => {
            let (host, port) = authority.split_at(after_host + colon);
            let digits = port[1..].bytes().all(|b| b.is_ascii_digit());
            let port: u16 = port[1..].parse().ok().filter(|port| digits && *port > 0)?;
            Some((host, Some(port)))
        }
    }
}

/// Whether it is a name or an address, an IPv6 one in brackets.
pub(crate) fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}
