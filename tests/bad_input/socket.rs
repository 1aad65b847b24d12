//! Sockets that are opened wrongly, and frames that mean nothing or break the rules.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use crate::{
    bystanders::{Bystanders, repository},
    page::{Page, assert_page, of_problem},
    support::api::Api,
    wire::{ask, connect, request},
};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const LAST: u8 = 0x80;

/// A frame with a mask of zeros, which leaves what it holds as it is.
fn frame(first: u8, content: &[u8]) -> Vec<u8> {
    claiming(first, content.len() as u64, content)
}

/// A frame that claims to be this long.
fn claiming(first: u8, length: u64, content: &[u8]) -> Vec<u8> {
    let length = match length {
        0..126 => vec![0x80 | u8::try_from(length).unwrap()],
        126..65536 => [vec![0xfe], u16::try_from(length).unwrap().to_be_bytes().to_vec()].concat(),
        _ => [vec![0xff], length.to_be_bytes().to_vec()].concat(),
    };
    [vec![first], length, vec![0; 4], content.to_vec()].concat()
}

fn text(content: &str) -> Vec<u8> {
    frame(LAST | TEXT, content.as_bytes())
}

/// A socket, its greeting read.
fn open(api: &Api, path: &str) -> Socket {
    let mut stream = connect(api);
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    let upgrade = "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    write!(stream, "GET /ws/workflows/{path} HTTP/1.1\r\n{upgrade}{key}\r\n").unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    Socket(stream)
}

struct Socket(TcpStream);

impl Socket {
    /// What is answered to frames: the first message that isn't about the workflow or a pong, or the end.
    fn answer_to(mut self, frames: &[u8]) -> String {
        // A server that has heard enough closes.
        let _ = self.0.write_all(frames);
        loop {
            let Some((kind, content)) = self.frame() else { return "dropped".to_owned() };
            match kind {
                TEXT => {
                    let message: Value = serde_json::from_slice(&content).unwrap();
                    let word = |member: &Value| member.as_str().unwrap_or_default().to_owned();
                    match message["type"].as_str().unwrap() {
                        "error" => {
                            return format!(
                                "error {}: {}",
                                word(&message["data"]["code"]),
                                word(&message["message"])
                            );
                        }
                        kind @ ("not_found" | "resync_required") => {
                            return format!("{kind}: {}", word(&message["message"]));
                        }
                        _ => {}
                    }
                }
                CLOSE if content.is_empty() => return "closed".to_owned(),
                CLOSE => {
                    let code = u16::from_be_bytes([content[0], content[1]]);
                    return format!("closed with {code}: {}", String::from_utf8_lossy(&content[2..]));
                }
                _ => {}
            }
        }
    }

    fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.bytes(2)?;
        let length = match first[1] {
            126 => u64::from(u16::from_be_bytes(self.bytes(2)?.try_into().unwrap())),
            127 => u64::from_be_bytes(self.bytes(8)?.try_into().unwrap()),
            length => u64::from(length),
        };
        Some((first[0] & 15, self.bytes(usize::try_from(length).unwrap())?))
    }

    fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        match self.0.read_exact(&mut bytes) {
            Ok(()) => Some(bytes),
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                None
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_and_frames() {
    let repository = repository(&[]);
    let bystanders = Bystanders::start(&repository).await;
    let long = "x".repeat((64 << 10) + 1);
    let half = frame(TEXT, "x".repeat(40_000).as_bytes());
    let cases = [
        ("words", text("hello")),
        ("nothing", text("")),
        ("a list", text("[]")),
        ("no type", text("{}")),
        ("a number for a type", text(r#"{"type":5}"#)),
        ("a type that isn't there", text(r#"{"type":"subscribe","topic":"board"}"#)),
        ("half a message", text(r#"{"type":"#)),
        ("brackets without end", text(&"[".repeat(30_000))),
        ("bytes", frame(LAST | BINARY, b"\x00\x01")),
        ("a text of 64 KiB and a byte", text(&long)),
        ("bytes of 64 KiB and a byte", frame(LAST | BINARY, long.as_bytes())),
        (
            "two halves that are too long together",
            [half.clone(), frame(0, "x".repeat(40_000).as_bytes())].concat(),
        ),
        ("a length beyond all memory", claiming(LAST | TEXT, 1 << 62, b"x")),
        ("a text that is none", frame(LAST | TEXT, b"\xff\xfe")),
        ("a text that is none, in two parts", [frame(TEXT, b"\xc3"), frame(LAST, b"\x28")].concat()),
        ("a part without a beginning", frame(LAST, b"x")),
        ("a beginning within another", [frame(TEXT, b"x"), text("x")].concat()),
        ("no mask", vec![LAST | TEXT, 2, b'{', b'}']),
        ("reserved bits", frame(LAST | 0x40 | TEXT, b"x")),
        ("a kind of frame that isn't there", frame(LAST | 0x3, b"x")),
        ("a control frame that isn't there", frame(LAST | 0xb, b"x")),
        ("a ping of 126 bytes", frame(LAST | PING, &[0; 126])),
        ("half a ping", frame(PING, b"x")),
        ("a goodbye of one byte", frame(LAST | CLOSE, b"\x03")),
        ("a goodbye with a code that isn't there", frame(LAST | CLOSE, &999_u16.to_be_bytes())),
        ("a goodbye that is no text", frame(LAST | CLOSE, b"\x03\xe8\xff")),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("a hundred messages at once", text(r#"{"type":"ping"}"#).repeat(100)),
        ("thousands of pings", frame(LAST | PING, b"x").repeat(5000)),
    ];
    let mut page = Page::default();
    for (name, frames) in cases {
        page.add(name, "", &open(bystanders.api(), "held").answer_to(&frames));
    }
    for (name, path) in [
        ("an id that leads out", "..%2F..%2Fetc"),
        ("an id without end", &"a".repeat(5000)),
        ("an id that isn't there yet", "nowhere"),
        ("a number that is yet to come", "held?since=9223372036854775807"),
        ("another history", "held?since=1&epoch=00000000-0000-0000-0000-000000000000"),
    ] {
        page.add(name, &format!("/ws/workflows/{path}"), &open(bystanders.api(), path).answer_to(b""));
    }
    bystanders.are_unharmed().await;
    assert_page!("socket", page);
}

#[tokio::test(flavor = "multi_thread")]
async fn upgrades() {
    let repository = repository(&[]);
    let bystanders = Bystanders::start(&repository).await;
    let to = |path: &str| request("GET", &format!("/ws/workflows/{path}"));
    let upgrade = |path: &str| to(path).with("Connection", "Upgrade, close").with("Upgrade", "websocket");
    let whole = |path: &str| {
        upgrade(path)
            .with("Sec-WebSocket-Version", "13")
            .with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    let cases = [
        ("no headers", to("held")),
        ("no version", upgrade("held").with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")),
        (
            "an old version",
            upgrade("held")
                .with("Sec-WebSocket-Version", "8")
                .with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ),
        ("no key", upgrade("held").with("Sec-WebSocket-Version", "13")),
        ("another's page", whole("held").with("Origin", "https://evil.example")),
        ("another's host", whole("held").host("Host: evil.example\r\n")),
        ("since a word", whole("held?since=now")),
        ("since before the first", whole("held?since=-1")),
        ("since beyond all numbers", whole("held?since=99999999999999999999")),
        ("since twice", whole("held?since=1&since=2")),
        ("an epoch that is none", whole("held?since=1&epoch=old")),
        ("an id in bytes that are no text", whole("%ff")),
    ];
    let mut page = Page::default();
    for (name, request) in cases {
        let problem = ask(bystanders.api(), name, &request.said()).problem(name);
        page.add(name, &request.in_words(), &of_problem(&problem));
    }
    bystanders.are_unharmed().await;
    assert_page!("socket_upgrades", page);
}
