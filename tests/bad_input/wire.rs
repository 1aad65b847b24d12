//! Bytes over TCP: what no decent client would send.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
};

use serde_json::Value;

use crate::support::{PATIENCE, api::Api};

/// What is said to a server before one waits for its answer.
pub(crate) struct Said {
    pub(crate) bytes: Vec<u8>,
    /// The sender's half is closed then.
    pub(crate) ends: bool,
}

/// A request that is being put together.
pub(crate) fn request(method: &str, path: &str) -> Request {
    Request {
        head: format!("{method} {path} HTTP/1.1\r\n"),
        host: "Host: localhost:8000\r\n".to_owned(),
        body: Vec::new(),
    }
}

pub(crate) struct Request {
    head: String,
    host: String,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.head = format!("{}{name}: {value}\r\n", self.head);
        self
    }

    /// In the place of the host that it is for.
    pub(crate) fn host(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.host);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: impl Into<Vec<u8>>) -> Self {
        self.with("Content-Type", "application/json").body(body)
    }

    /// The first line and the body, for a reader.
    pub(crate) fn in_words(&self) -> String {
        let line = self.head.lines().next().unwrap().replace(" HTTP/1.1", "");
        let headers = self.head.lines().skip(1).filter(|line| *line != "Content-Type: application/json");
        let headers = headers.chain(self.host.lines().filter(|line| *line != "Host: localhost:8000"));
        let lines: Vec<_> = std::iter::once(line.as_str()).chain(headers).collect();
        format!("{}\n{}", lines.join("\n"), String::from_utf8_lossy(&self.body)).trim_end().to_owned()
    }

    pub(crate) fn said(&self) -> Said {
        let upgrades = self.head.contains("Connection: ");
        let close = if upgrades { "" } else { "Connection: close\r\n" };
        let length = format!("{close}Content-Length: {}\r\n\r\n", self.body.len());
        let bytes = [self.head.as_bytes(), self.host.as_bytes(), length.as_bytes(), &self.body].concat();
        Said { bytes, ends: false }
    }
}

/// The last answer that a server gives to this.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The problem that it is.
    #[track_caller]
    pub(crate) fn problem(&self, name: &str) -> Value {
        let shown = String::from_utf8_lossy(&self.body);
        assert!((400..500).contains(&self.status), "{name}: {}\n{shown}", self.head);
        assert!(self.head.contains("content-type: application/problem+json\r\n"), "{name}: {}", self.head);
        let problem: Value = serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{name}: {error}\n{}\n{shown}", self.head));
        for member in ["type", "title", "detail", "code", "trace_id", "error"] {
            assert!(
                problem[member].as_str().is_some_and(|text| !text.is_empty()),
                "{name}: {member}: {problem}"
            );
        }
        let id = format!("x-request-id: {}\r\n", problem["trace_id"].as_str().unwrap());
        assert!(self.head.contains(&id), "{name}: {}", self.head);
        assert_eq!(problem["status"], self.status, "{name}");
        problem
    }
}

pub(crate) fn connect(api: &Api) -> TcpStream {
    let address = api.address().strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Says it, and reads to the end.
pub(crate) fn ask(api: &Api, name: &str, said: &Said) -> Answer {
    let mut stream = connect(api);
    // A server may have heard enough before the end, and one that has closes the connection.
    let gone = |kind| matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset);
    match stream.write_all(&said.bytes) {
        Err(error) if !gone(error.kind()) => panic!("{name}: {error}"),
        _ => {}
    }
    if said.ends {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut heard = Vec::new();
    if let Err(error) = stream.read_to_end(&mut heard) {
        assert!(gone(error.kind()), "{name}: {error}");
    }
    last(&heard).unwrap_or_else(|| panic!("{name}: {:?} is no answer", String::from_utf8_lossy(&heard)))
}

/// The last of several answers, which all say how long they are.
fn last(mut heard: &[u8]) -> Option<Answer> {
    let mut answer = None;
    while let Some(end) = heard.windows(4).position(|window| window == b"\r\n\r\n") {
        let top = String::from_utf8(heard[..end + 2].to_vec()).unwrap();
        let status = top.get(9..12)?.parse().ok()?;
        let length = top.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        let body = heard.get(end + 4..end + 4 + length)?.to_vec();
        heard = &heard[end + 4 + length..];
        answer = Some(Answer { status, head: top, body });
    }
    answer
}
