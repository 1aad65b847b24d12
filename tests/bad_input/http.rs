//! What is no HTTP, or too much of it.

use crate::{
    bystanders::{Bystanders, repository},
    page::{Page, assert_page, of_problem},
    wire::{Said, ask},
};

const HOST: &str = "Host: localhost\r\nConnection: close\r\n";
const POST: &str = "POST /api/v1/workflows/create HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n";

fn said(bytes: impl Into<Vec<u8>>) -> Said {
    Said { bytes: bytes.into(), ends: false }
}

/// A request whose first line and further headers are these.
fn asked(line: &str, headers: &str) -> Said {
    said(format!("{line}\r\n{HOST}{headers}\r\n"))
}

/// A task whose body comes like this.
fn sent(headers: &str, body: &str) -> Said {
    said(format!("{POST}{headers}\r\n{body}"))
}

fn cut_off(said: Said) -> Said {
    Said { ends: true, ..said }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_answered_all_the_same() {
    let repository = repository(&[]);
    let bystanders = Bystanders::start(&repository).await;
    let many = "X: 1\r\n".repeat(150);
    let chunks = format!("10000\r\n{}\r\n", "x".repeat(0x10000)).repeat(80);
    let cases = [
        ("words", said("hello\r\n\r\n")),
        ("every byte there is", said([(0..=255).collect::<Vec<u8>>(), b"\r\n\r\n".to_vec()].concat())),
        ("TLS", said([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), vec![0; 100]].concat())),
        ("no version", said("GET /health\r\n\r\n")),
        ("a version that is yet to come", asked("GET /health HTTP/3.0", "")),
        ("no address", asked("GET  HTTP/1.1", "")),
        ("a space in the address", asked("GET /a b HTTP/1.1", "")),
        ("a control character in the address", asked("GET /\u{1} HTTP/1.1", "")),
        ("an address of 70,000 letters", asked(&format!("GET /{} HTTP/1.1", "a".repeat(70_000)), "")),
        ("a method in brackets", asked("<GET> / HTTP/1.1", "")),
        ("a tunnel", asked("CONNECT localhost:1 HTTP/1.1", "")),
        ("a star", asked("GET * HTTP/1.1", "")),
        ("a header without its colon", asked("GET /health HTTP/1.1", "nocolon\r\n")),
        ("a header with a space in its name", asked("GET /health HTTP/1.1", "B ad: 1\r\n")),
        ("a control character in a header", asked("GET /health HTTP/1.1", "X: a\u{1}b\r\n")),
        ("a header on two lines", asked("GET /health HTTP/1.1", "X: a\r\n b\r\n")),
        ("150 headers", asked("GET /health HTTP/1.1", &many)),
        (
            "a header of a megabyte",
            asked("GET /health HTTP/1.1", &format!("X: {}\r\n", "a".repeat(1_000_000))),
        ),
        ("a length below zero", sent("Content-Length: -5\r\n", "")),
        ("a length in words", sent("Content-Length: five\r\n", "")),
        ("two lengths", sent("Content-Length: 5\r\nContent-Length: 6\r\n", "abcdef")),
        ("a length beyond all numbers", sent("Content-Length: 99999999999999999999999\r\n", "{}")),
        ("a length of 100 gigabytes", sent("Content-Length: 99999999999\r\n", "{}")),
        ("less than the length", cut_off(sent("Content-Length: 50\r\n", r#"{"title":"half"}"#))),
        ("more than the length", sent("Content-Length: 5\r\n", r#"{"title":"half"}"#)),
        ("a coding that nobody knows", sent("Transfer-Encoding: gzip\r\n", "{}")),
        ("a chunk of no size", sent("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n")),
        ("a chunk beyond all sizes", sent("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n{}")),
        ("half a chunk", cut_off(sent("Transfer-Encoding: chunked\r\n", "5\r\n{}"))),
        ("chunks of five megabytes", sent("Transfer-Encoding: chunked\r\n", &format!("{chunks}0\r\n\r\n"))),
        (
            "a second request that is none",
            said("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nhello\r\n\r\n"),
        ),
    ];
    let mut page = Page::default();
    for (name, said) in cases {
        let problem = ask(bystanders.api(), name, &said).problem(name);
        page.add(name, "", &of_problem(&problem));
    }
    bystanders.are_unharmed().await;
    assert_page!("http", page);
}
