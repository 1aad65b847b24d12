//! One connection: requests are read from it in time, and whoever breaks the rules hears why before it ends.

use std::time::Duration;

use axum::{Router, http::StatusCode};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::bare::{Worded, refusal};

/// How long the head of a request may take; a connection on which none comes is given up as well.
const HEAD: Duration = Duration::from_secs(30);

/// How long the peer may take to read the last words.
const GOODBYE: Duration = Duration::from_secs(1);

/// Answers one request after another, until one side ends it or the server stops.
pub(super) async fn answer(stream: TcpStream, router: Router, stopping: CancellationToken) {
    // A message of the live feed is small and must not wait for the next one to share its packet.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(Worded::new(stream)), TowerToHyperService::new(router))
        .with_upgrades();
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stopping.cancelled() => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    // Nothing is left here of a connection that became a socket.
    let Some(left) = connection.into_parts() else { return };
    let mut stream = left.io.into_inner().into_inner();
    let is_slow = ended.is_err_and(|error| error.is_timeout()) && !left.read_buf.is_empty();
    let words = if is_slow { refusal(StatusCode::REQUEST_TIMEOUT) } else { Vec::new() };
    let _ = timeout(GOODBYE, part(&mut stream, &words)).await;
}

/// What was said reaches the peer only if nothing that it sent is left unread when the connection is closed.
async fn part(stream: &mut TcpStream, words: &[u8]) -> std::io::Result<()> {
    stream.write_all(words).await?;
    stream.shutdown().await?;
    let mut unread = [0; 8192];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use axum::routing::get;
    use tokio::{net::TcpListener, time::Instant};

    use super::*;

    /// What is answered to someone who says this and then waits. Time passes as soon as nothing else happens.
    async fn said_to(words: &str) -> (String, Duration) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let router = Router::new().route("/", get(|| async { "well" }));
        let begun = Instant::now();
        let serving = answer(listener.accept().await.unwrap().0, router, CancellationToken::new());
        let serving = tokio::spawn(serving);
        peer.write_all(words.as_bytes()).await.unwrap();
        let mut heard = String::new();
        peer.read_to_string(&mut heard).await.unwrap();
        drop(peer);
        serving.await.unwrap();
        (heard, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_request_is_given_up_with_a_reason() {
        let (heard, after) = said_to("GET / HTTP/1.1\r\nHost: localhost\r\nX: ").await;
        assert!(heard.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{heard}");
        assert!(heard.contains("application/problem+json") && heard.contains("within 30s"), "{heard}");
        assert!(after >= HEAD && after < 2 * HEAD, "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_nothing_is_asked_is_closed_without_a_word() {
        let (heard, after) = said_to("").await;
        assert_eq!(heard, "");
        assert!(after >= HEAD && after < 2 * HEAD, "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_answered_before_stays_an_answer() {
        let (heard, _) = said_to("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTT").await;
        assert!(heard.starts_with("HTTP/1.1 200 OK\r\n") && heard.contains("HTTP/1.1 408 "), "{heard}");
    }
}
