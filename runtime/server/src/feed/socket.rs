//! One connection: what it is told, what it may say, and when it is given up.
//!
//! A connection is given up because the peer is gone or slow, or because the server stops. Who follows one workflow is
//! then dropped without a close frame: the browsers that use that address connect again only after an end that was not
//! clean. Everybody else is told why.

use std::{error::Error, ops::ControlFlow, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};
use tokio_util::sync::CancellationToken;

use super::{
    follow::FollowError,
    inbound::{Allowance, Inbound, Language, Unknown},
};

/// How often the peer is pinged.
const PING: Duration = Duration::from_secs(15);

/// How many pings may stay without a sign of life.
const MISSES: u32 = 2;

/// How long one message may take to be taken.
const STALL: Duration = Duration::from_secs(10);

/// How many messages go out in one write at the most.
const TOGETHER: usize = 64;

/// How long the peer has to answer a close.
const GOODBYE: Duration = Duration::from_secs(1);

/// What a connection tells.
pub(super) trait Told: Send {
    /// What the client may say.
    const LANGUAGE: Language;

    /// Whether a client that is given up is told why.
    const SAYS_GOODBYE: bool;

    /// The next message; waits for it. Nothing is lost when this is dropped while it waits.
    fn next(&mut self) -> impl Future<Output = Result<Arc<str>, FollowError>> + Send;

    /// The answer to what the client said.
    fn answer(&mut self, said: Result<Inbound, Unknown>) -> Arc<str>;
}

/// Why a connection is closed by the server, with the code that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Close {
    Draining,
    BrokenRules,
    NotText,
    TooLarge,
    Failed,
    Silent,
    Slow,
    TooMany,
}

impl Close {
    const fn frame(self) -> (u16, &'static str) {
        match self {
            Self::Draining => (1001, "the server is stopping: connect again when it is back"),
            Self::Silent => (4408, "no sign of life came for 30 s"),
            Self::Slow => (4413, "a message was not taken within 10 s"),
            Self::BrokenRules => (1002, "this is no frame that RFC 6455 lets a client send"),
            Self::NotText => (1007, "a text must be UTF-8"),
            Self::TooLarge => (1009, "a message may have 64 KiB at the most: send less at once"),
            Self::Failed => (1011, "the server can't go on with this feed: its log tells why"),
            Self::TooMany => (4429, "20 messages a second are allowed: send fewer, and connect again"),
        }
    }

    /// Whether the client did nothing against the rules, and is given up all the same.
    const fn is_giving_up(self) -> bool {
        matches!(self, Self::Draining | Self::Silent | Self::Slow)
    }
}

/// How a conversation ended.
enum Ended {
    /// The peer is gone.
    Dropped,
    /// With a reason that the peer is told.
    Closed(Close),
    /// The peer said goodbye.
    Finished,
}

/// Tells the client what it follows, until one of both ends it.
pub(super) async fn converse<S, E, T>(socket: S, told: T, draining: CancellationToken)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
    E: Error + 'static,
    T: Told,
{
    let mut conversation = Conversation { socket, told, allowance: Allowance::new(), misses: 0 };
    let ended = tokio::select! {
        ended = conversation.run() => ended,
        () = draining.cancelled() => Ended::Closed(Close::Draining),
    };
    conversation.end(ended).await;
}

struct Conversation<S, T> {
    socket: S,
    told: T,
    allowance: Allowance,
    /// Pings since the last sign of life.
    misses: u32,
}

impl<S, E, T> Conversation<S, T>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
    E: Error + 'static,
    T: Told,
{
    async fn run(&mut self) -> Ended {
        let mut heartbeat = interval_at(Instant::now() + PING, PING);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The greeting goes before any answer, however early the client speaks.
        let greeting = self.told.next().await;
        if let ControlFlow::Break(ended) = self.pass_on(greeting).await {
            return ended;
        }
        loop {
            let step = tokio::select! {
                received = self.socket.next() => self.hear(received).await,
                message = self.told.next() => self.pass_on(message).await,
                _ = heartbeat.tick() => self.beat().await,
            };
            if let ControlFlow::Break(ended) = step {
                return ended;
            }
        }
    }

    /// Passes on a message, and with it what is ready by now: events of one commit are one write.
    async fn pass_on(&mut self, message: Result<Arc<str>, FollowError>) -> ControlFlow<Ended> {
        let (mut ready, mut room) = (Some(message), TOGETHER);
        while let Some(message) = ready {
            match message {
                Ok(message) => self.put(text(&message)).await?,
                Err(error) => {
                    tracing::error!(%error, "a live feed can't go on");
                    return ControlFlow::Break(Ended::Closed(Close::Failed));
                }
            }
            room -= 1;
            // Not asked for where it would not be put: it would be lost.
            ready = if room > 0 { self.told.next().now_or_never() } else { None };
        }
        self.flush().await
    }

    async fn hear(&mut self, received: Option<Result<Message, E>>) -> ControlFlow<Ended> {
        self.misses = 0;
        let message = match received {
            None => return ControlFlow::Break(Ended::Dropped),
            Some(Err(error)) => return ControlFlow::Break(blame(&error)),
            Some(Ok(Message::Close(_))) => return ControlFlow::Break(Ended::Finished),
            Some(Ok(message)) => message,
        };
        if !self.allowance.take() {
            return ControlFlow::Break(Ended::Closed(Close::TooMany));
        }
        let understood = match message {
            Message::Text(text) => Inbound::parse(&text, T::LANGUAGE),
            Message::Binary(_) => Err(Unknown::Binary),
            // The protocol's own pings are answered by the library.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return ControlFlow::Continue(()),
        };
        let answer = self.told.answer(understood);
        self.tell(&answer).await
    }

    async fn tell(&mut self, message: &str) -> ControlFlow<Ended> {
        self.send(text(message)).await
    }

    async fn beat(&mut self) -> ControlFlow<Ended> {
        if self.misses >= MISSES {
            return ControlFlow::Break(Ended::Closed(Close::Silent));
        }
        self.misses += 1;
        self.send(Message::Ping(bytes::Bytes::new())).await
    }

    async fn send(&mut self, message: Message) -> ControlFlow<Ended> {
        self.put(message).await?;
        self.flush().await
    }

    /// Puts a message into what the next flush writes.
    async fn put(&mut self, message: Message) -> ControlFlow<Ended> {
        in_time(self.socket.feed(message)).await
    }

    async fn flush(&mut self) -> ControlFlow<Ended> {
        in_time(self.socket.flush()).await
    }

    async fn end(mut self, ended: Ended) {
        if let Ended::Closed(close) = ended {
            if close.is_giving_up() && !T::SAYS_GOODBYE {
                return;
            }
            let (code, reason) = close.frame();
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            // One that takes nothing may not take this either.
            let sent = timeout(GOODBYE, self.socket.send(Message::Close(Some(frame)))).await;
            if !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
        if matches!(ended, Ended::Closed(_) | Ended::Finished) {
            // Reading on sends our half of the goodbye, and waits for the peer's.
            let farewell = async { while let Some(Ok(_)) = self.socket.next().await {} };
            let _ = timeout(GOODBYE, farewell).await;
        }
    }
}

fn text(message: &str) -> Message {
    Message::Text(Utf8Bytes::from(message))
}

/// A peer that takes nothing is given up.
async fn in_time<E>(writing: impl Future<Output = Result<(), E>>) -> ControlFlow<Ended> {
    match timeout(STALL, writing).await {
        Ok(Ok(())) => ControlFlow::Continue(()),
        Ok(Err(_)) => ControlFlow::Break(Ended::Dropped),
        Err(_) => ControlFlow::Break(Ended::Closed(Close::Slow)),
    }
}

/// Whose fault an error of the connection is: what the peer sent against the rules, it is told.
fn blame(error: &(dyn Error + 'static)) -> Ended {
    let mut cause = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Capacity(_)) => return Ended::Closed(Close::TooLarge),
            Some(tungstenite::Error::Utf8(_)) => return Ended::Closed(Close::NotText),
            // A peer that is gone broke no rule.
            Some(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => break,
            Some(tungstenite::Error::Protocol(_)) => return Ended::Closed(Close::BrokenRules),
            _ => cause = error.source(),
        }
    }
    Ended::Dropped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio::{
        sync::mpsc::{Receiver, Sender, channel},
        task::JoinHandle,
    };
    use tokio_util::sync::{PollSendError, PollSender};

    use super::*;
    use crate::feed::follow::Follow;

    /// A connection that is no network.
    struct Wire {
        from_peer: Receiver<Message>,
        to_peer: PollSender<Message>,
    }

    impl Stream for Wire {
        type Item = Result<Message, axum::Error>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.from_peer.poll_recv(cx).map(|message| message.map(Ok))
        }
    }

    impl Sink<Message> for Wire {
        type Error = PollSendError<Message>;

        fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            self.to_peer.poll_ready_unpin(cx)
        }

        fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Self::Error> {
            self.to_peer.start_send_unpin(message)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            self.to_peer.poll_flush_unpin(cx)
        }

        fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            self.to_peer.poll_close_unpin(cx)
        }
    }

    /// Tells one word, and takes its leave properly.
    struct Polite(Option<Arc<str>>);

    impl Told for Polite {
        const LANGUAGE: Language = Language::Topics;
        const SAYS_GOODBYE: bool = true;

        async fn next(&mut self) -> Result<Arc<str>, FollowError> {
            match self.0.take() {
                Some(message) => Ok(message),
                None => std::future::pending().await,
            }
        }

        fn answer(&mut self, said: Result<Inbound, Unknown>) -> Arc<str> {
            format!("{said:?}").into()
        }
    }

    fn polite() -> Polite {
        Polite(Some("hello".into()))
    }

    struct Peer {
        say: Sender<Message>,
        hear: Receiver<Message>,
        conversation: JoinHandle<()>,
        draining: CancellationToken,
    }

    fn connected(buffered: usize) -> Peer {
        connected_to(Follow::of_nothing(), buffered)
    }

    fn connected_to(told: impl Told + 'static, buffered: usize) -> Peer {
        let (say, from_peer) = channel(16);
        let (to_peer, hear) = channel(buffered);
        let draining = CancellationToken::new();
        let wire = Wire { from_peer, to_peer: PollSender::new(to_peer) };
        let conversation = tokio::spawn(converse(wire, told, draining.clone()));
        Peer { say, hear, conversation, draining }
    }

    impl Peer {
        /// What is heard until the end, the greeting left out.
        async fn rest(&mut self) -> Vec<Message> {
            let mut heard = Vec::new();
            while let Some(message) = self.hear.recv().await {
                heard.push(message);
            }
            heard.into_iter().filter(|message| !matches!(message, Message::Text(_))).collect()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_gives_no_sign_of_life_is_dropped_after_two_misses() {
        let mut peer = connected(16);
        let began = Instant::now();
        let heard = peer.rest().await;
        assert_eq!(began.elapsed(), 3 * PING);
        assert!(matches!(heard[..], [Message::Ping(_), Message::Ping(_)]), "{heard:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_answers_stays() {
        let mut peer = connected(16);
        let mut pings = 0;
        while pings < 20 {
            if let Message::Ping(bytes) = peer.hear.recv().await.unwrap() {
                pings += 1;
                peer.say.send(Message::Pong(bytes)).await.unwrap();
            }
        }
        assert!(!peer.conversation.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_dropped_when_it_stalls() {
        let peer = connected(1);
        let began = Instant::now();
        // The greeting is two messages: the second finds no room.
        peer.conversation.await.unwrap();
        assert_eq!(began.elapsed(), STALL);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_of_the_server_drops_the_connection_without_a_close() {
        let mut peer = connected(16);
        peer.draining.cancel();
        assert!(peer.rest().await.is_empty());
    }

    /// The code of the close that comes last.
    fn code(heard: &[Message]) -> Option<u16> {
        match heard.last() {
            Some(Message::Close(Some(frame))) => Some(frame.code),
            _ => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_given_up_is_told_why_where_that_does_no_harm() {
        let mut stopped = connected_to(polite(), 16);
        stopped.draining.cancel();
        assert_eq!(code(&stopped.rest().await), Some(1001));

        let mut silent = connected_to(polite(), 16);
        let began = Instant::now();
        assert_eq!(code(&silent.rest().await), Some(4408));
        assert!(began.elapsed() >= 3 * PING);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_peer_is_told_so_if_it_takes_that_much() {
        let mut slow = connected_to(polite(), 1);
        slow.say.send(Message::Text(r#"{"type":"ping"}"#.into())).await.unwrap();
        // Its greeting is taken as late as it may be, once the answer to the ping has found no room.
        tokio::time::sleep(STALL + GOODBYE / 2).await;
        let mut heard = vec![slow.hear.recv().await.unwrap()];
        while let Some(message) = slow.hear.recv().await {
            heard.push(message);
        }
        assert_eq!(code(&heard), Some(4413), "{heard:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_says_goodbye_ends_it() {
        let mut peer = connected(16);
        peer.say.send(Message::Close(None)).await.unwrap();
        assert!(peer.rest().await.is_empty());
        peer.conversation.await.unwrap();
    }
}
