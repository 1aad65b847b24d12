//! Where a server is.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use adw_config::Listen;
use reqwest::Url;

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(Url);

/// An address that leads to no server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidAddress {
    #[error("{0:?} is not a server's address: write it like http://127.0.0.1:8000")]
    Malformed(String),
    #[error(
        "{0:?}: https is not available in this version. Use http, through an SSH tunnel where others could listen"
    )]
    Https(String),
    #[error("adw.toml lets the server take any free port: say `--server URL`, as `adw serve` printed it")]
    AnyPort,
}

impl Address {
    /// Where a server that listens there is reached from this machine.
    pub(crate) fn of_listener(listen: Listen) -> Result<Self, InvalidAddress> {
        let listen = listen.addr();
        if listen.port() == 0 {
            return Err(InvalidAddress::AnyPort);
        }
        let ip = match listen.ip() {
            ip if !ip.is_unspecified() => ip,
            ip if ip.is_ipv6() => Ipv6Addr::LOCALHOST.into(),
            _ => Ipv4Addr::LOCALHOST.into(),
        };
        format!("http://{}", SocketAddr::new(ip, listen.port())).parse()
    }

    /// Where a server listens that is reached there; it is one of this machine.
    pub(crate) fn listener(&self) -> Result<Listen, InvalidAddress> {
        let host = self.0.host_str().unwrap_or_default();
        let port = self.0.port_or_known_default().unwrap_or_default();
        format!("{host}:{port}").parse().map_err(|_| InvalidAddress::Malformed(self.to_string()))
    }

    /// The URL of something there. The segments may hold any text.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        // It fails only for URLs without a host, and an address always has one.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The URL of a live feed there.
    pub(crate) fn socket_url(&self, segments: &[&str]) -> Url {
        let mut url = self.url(segments);
        // It fails only between special and other schemes, and these two are special alike.
        let _ = url.set_scheme("ws");
        url
    }
}

impl Default for Address {
    /// The address that a server listens on unless it is told another.
    fn default() -> Self {
        let listen = Listen::default();
        match Self::of_listener(listen) {
            Ok(address) => address,
            Err(error) => unreachable!("{listen}: {error}"),
        }
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let malformed = || InvalidAddress::Malformed(text.to_owned());
        let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let mut url = Url::parse(&full).map_err(|_| malformed())?;
        match url.scheme() {
            "http" => {}
            "https" => return Err(InvalidAddress::Https(text.to_owned())),
            _ => return Err(malformed()),
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(malformed());
        }
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::{Address, InvalidAddress};

    #[test]
    fn addresses_are_taken_with_and_without_scheme_and_path() {
        for (text, expected) in [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
            ("localhost:8001", "http://localhost:8001"),
            ("[::1]:8000", "http://[::1]:8000"),
            ("http://example.com/adw?x=1#y", "http://example.com/adw"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn other_addresses_are_refused_with_a_reason() {
        assert_eq!("https://a".parse::<Address>(), Err(InvalidAddress::Https("https://a".to_owned())));
        for text in ["", "http://", "ftp://a", "a b"] {
            assert_eq!(text.parse::<Address>(), Err(InvalidAddress::Malformed(text.to_owned())));
        }
    }

    #[test]
    fn the_address_of_a_listener_can_be_dialled() {
        let of =
            |listen: &str| Address::of_listener(listen.parse().unwrap()).map(|address| address.to_string());
        assert_eq!(of("127.0.0.1:8000"), Ok(Address::default().to_string()));
        assert_eq!(of("[::1]:8000"), Ok("http://[::1]:8000".to_owned()));
        assert_eq!(of("127.0.0.1:0"), Err(InvalidAddress::AnyPort));
    }

    #[test]
    fn from_an_address_of_this_machine_follows_where_its_server_listens() {
        for listen in ["127.0.0.1:8000", "[::1]:8000", "127.0.0.1:80"] {
            let listen = listen.parse().unwrap();
            assert_eq!(Address::of_listener(listen).unwrap().listener(), Ok(listen));
        }
        let elsewhere: Address = "http://example.com".parse().unwrap();
        assert_eq!(elsewhere.listener(), Err(InvalidAddress::Malformed("http://example.com".to_owned())));
    }

    #[test]
    fn segments_of_a_path_are_escaped() {
        let address: Address = "http://example.com/adw/".parse().unwrap();
        assert_eq!(address.url(&["api", "a/b"]).as_str(), "http://example.com/adw/api/a%2Fb");
        assert_eq!(address.socket_url(&["ws", "x"]).as_str(), "ws://example.com/adw/ws/x");
    }
}
