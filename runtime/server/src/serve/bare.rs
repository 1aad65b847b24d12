//! Words for errors that have none.
//!
//! What is no HTTP, or too much of it, never gets as far as a route: hyper answers it with a bare status. Here, where
//! its answers go out, such a status gets the problem document that every other error has.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::http::StatusCode;
use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use uuid::Uuid;

use crate::{
    edge::REQUEST_ID,
    problem::{Kind, MEDIA_TYPE, Problem},
};

/// A connection on which every error has its words.
pub(super) struct Worded {
    stream: TcpStream,
    /// What is yet to be written in the place of a bare status.
    instead: Option<Bytes>,
}

impl Worded {
    pub(super) const fn new(stream: TcpStream) -> Self {
        Self { stream, instead: None }
    }

    pub(super) fn into_inner(self) -> TcpStream {
        self.stream
    }

    /// Writes what is to be written instead of an answer of this length, which then counts as written.
    fn poll_instead(&mut self, cx: &mut Context<'_>, length: usize) -> Poll<io::Result<usize>> {
        while let Some(rest) = self.instead.as_mut()
            && rest.has_remaining()
        {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            rest.advance(written);
        }
        self.instead = None;
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for Worded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, answer: &[u8]) -> Poll<io::Result<usize>> {
        if self.instead.is_none() {
            self.instead = bare_status(answer).map(|status| refusal(status).into());
        }
        match self.instead {
            Some(_) => self.poll_instead(cx, answer.len()),
            None => Pin::new(&mut self.stream).poll_write(cx, answer),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        answer: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match answer.iter().find(|part| !part.is_empty()) {
            Some(head) if self.instead.is_some() || bare_status(head).is_some() => self.poll_write(cx, head),
            _ => Pin::new(&mut self.stream).poll_write_vectored(cx, answer),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncRead for Worded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

/// The status of an error that hyper answers by itself: a short head with nothing behind it. Every answer of ours names
/// its request; a piece of some body that looks like an answer has more around it.
fn bare_status(answer: &[u8]) -> Option<StatusCode> {
    const LONGEST: usize = 256;
    if answer.len() > LONGEST || !answer.ends_with(b"\r\n\r\n") {
        return None;
    }
    let status = answer.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    let status = StatusCode::from_bytes(status).ok().filter(StatusCode::is_client_error)?;
    let id = REQUEST_ID;
    let name = id.as_str().as_bytes();
    (!answer.windows(name.len()).any(|word| word == name)).then_some(status)
}

/// The whole answer for a request that could not be read.
pub(super) fn refusal(status: StatusCode) -> Vec<u8> {
    let detail = match status {
        StatusCode::REQUEST_TIMEOUT => "the head of the request didn't come within 30s: send it at once",
        StatusCode::URI_TOO_LONG => "the address is longer than 64 KiB: what is long belongs into a body",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            "the request has more than 100 headers, or more than 400 KiB of them: send fewer"
        }
        _ => {
            "this can't be read as a request of HTTP/1.1: look at its first line, at characters in its headers \
             that may not stand there, and at its Content-Length"
        }
    };
    let id = Uuid::new_v4().to_string();
    let document = Problem::new(Kind::of_status(status), detail).written(&id);
    let length = document.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {MEDIA_TYPE}\r\ncache-control: no-store\r\n{REQUEST_ID}: {id}\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    [head.into_bytes(), document].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_that_are_not_ours_are_bare() {
        for (answer, status) in [
            ("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", Some(400)),
            ("HTTP/1.0 431 Request Header Fields Too Large\r\n\r\n", Some(431)),
            ("HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\n\r\n", None),
            ("HTTP/1.1 100 Continue\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\n\r\n", None),
            ("HTTP/1.1 4", None),
            ("", None),
        ] {
            assert_eq!(bare_status(answer.as_bytes()).map(|status| status.as_u16()), status, "{answer}");
        }
    }
}
