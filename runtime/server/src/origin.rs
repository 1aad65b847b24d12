//! Who may talk to this server from a browser.
//!
//! Nothing here asks for a token on the loopback interface, so two things stand between it and a page on the web:
//! the `Host` check (a name that an attacker points at 127.0.0.1 is not one of ours) and the `Origin` check (a page
//! of another origin may neither change anything nor open a socket, since a socket knows no CORS).

use std::{net::IpAddr, sync::Arc, time::Duration};

use adw_config::ServerConfig;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::{
    edge,
    problem::{Kind, Problem},
};

/// The hosts and origins of adw.toml.
#[derive(Debug)]
pub(crate) struct Access {
    origins: Vec<String>,
    hosts: Vec<String>,
}

impl Access {
    pub(crate) fn new(config: &ServerConfig) -> Self {
        Self {
            origins: config.cors_origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
            hosts: config.allowed_hosts.clone(),
        }
    }

    /// Tells browsers which origins may read the answers.
    pub(crate) fn cors(&self) -> CorsLayer {
        let origins = self.origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers([header::LOCATION, header::ETAG, header::RETRY_AFTER, edge::REQUEST_ID])
            .max_age(Duration::from_hours(1))
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let host = host(request).ok_or_else(|| {
            Problem::new(Kind::UnknownHost, "the request must name one host: send exactly one Host header")
        })?;
        if !self.serves(&host) {
            let detail = format!(
                "this server doesn't answer for host {:?}: use localhost, or add the name to server.allowed_hosts",
                shortened(&host)
            );
            return Err(Problem::new(Kind::UnknownHost, detail));
        }
        if !acts(request) {
            return Ok(());
        }
        match request.headers().get_all(header::ORIGIN).iter().find(|origin| !self.admits(origin, &host)) {
            None => Ok(()),
            Some(origin) => {
                let origin = String::from_utf8_lossy(origin.as_bytes());
                let detail = format!(
                    "pages of {:?} may not do that: add the origin to server.cors_origins if you trust them",
                    shortened(&origin)
                );
                Err(Problem::new(Kind::ForbiddenOrigin, detail))
            }
        }
    }

    /// A name of the loopback interface at any port (it may be forwarded), or one that adw.toml lists.
    fn serves(&self, host: &str) -> bool {
        let Some(name) = without_port(host) else { return false };
        let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        name == "localhost"
            || literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            || self.hosts.iter().any(|allowed| allowed == host || allowed == name)
    }

    /// Listed in adw.toml, or our own pages: an origin at the very host that the request was sent to.
    fn admits(&self, origin: &HeaderValue, host: &str) -> bool {
        origin.to_str().is_ok_and(|origin| {
            self.origins.iter().any(|allowed| allowed == origin)
                || origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) == Some(host)
        })
    }
}

/// Turns away what comes under a foreign host, and what acts for a foreign page.
pub(crate) async fn guard(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    access.check(&request)?;
    Ok(next.run(request).await)
}

/// Whether it changes something or opens a socket.
fn acts(request: &Request) -> bool {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    !safe || request.headers().contains_key(header::UPGRADE)
}

/// Host and port as the client named them, in lower case; none unless there is exactly one.
fn host(request: &Request) -> Option<String> {
    let named = match request.uri().authority() {
        Some(authority) => authority.as_str(),
        None => only_host(request.headers())?,
    };
    Some(named.to_ascii_lowercase())
}

fn only_host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

/// The name of `name[:port]`; none where what stands for the port is none.
fn without_port(host: &str) -> Option<&str> {
    let after_address = host.rfind(']').map_or(0, |end| end + 1);
    match host[after_address..].split_once(':') {
        None => Some(host),
        Some((name, port)) => {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            digits.then_some(&host[..after_address + name.len()])
        }
    }
}

fn shortened(word: &str) -> String {
    word.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn access() -> Access {
        Access {
            origins: vec!["http://localhost:5173".to_owned()],
            hosts: vec!["adw.internal".to_owned(), "box:9000".to_owned()],
        }
    }

    fn request(method: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(axum::body::Body::empty()).unwrap()
    }

    #[test]
    fn only_names_of_this_machine_and_listed_ones_are_served() {
        for host in [
            "localhost:8000",
            "LOCALHOST:8000",
            "localhost",
            "127.0.0.1:8000",
            "127.0.0.9",
            "[::1]:8000",
            "adw.internal",
            "adw.internal:1",
            "box:9000",
        ] {
            assert!(access().check(&request("GET", &[("host", host)])).is_ok(), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.0.1:8000",
            "[::2]",
            "box",
            "box:9001",
            "",
            "[",
            "[::1",
            "localhost:8000, evil.example",
        ] {
            assert!(access().check(&request("GET", &[("host", host)])).is_err(), "{host}");
        }
        assert!(access().check(&request("GET", &[])).is_err(), "no host");
        assert!(access().check(&request("GET", &[("host", "localhost"), ("host", "localhost")])).is_err());
    }

    #[test]
    fn a_foreign_page_may_read_nothing_by_cors_and_change_nothing() {
        let from = |method: &str, origin: &str| {
            access().check(&request(method, &[("host", "localhost:8000"), ("origin", origin)])).is_ok()
        };
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            assert!(from(method, "http://localhost:5173"), "{method} from a listed origin");
            assert!(from(method, "http://localhost:8000"), "{method} from our own page");
            for foreign in [
                "https://evil.example",
                "null",
                "http://localhost:5174",
                "http://localhost:5173.evil.example",
                "",
            ] {
                assert!(!from(method, foreign), "{method} from {foreign:?}");
            }
        }
        assert!(
            from("GET", "https://evil.example"),
            "a read has no effect, and CORS keeps its answer from the page"
        );
    }

    #[test]
    fn a_foreign_page_may_not_open_a_socket() {
        let socket = |origin: &str| {
            let headers = [("host", "localhost:8000"), ("upgrade", "websocket"), ("origin", origin)];
            access().check(&request("GET", &headers)).is_ok()
        };
        assert!(socket("http://localhost:5173"));
        assert!(socket("http://localhost:8000"));
        assert!(!socket("https://evil.example"));
    }
}
