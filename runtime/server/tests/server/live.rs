//! A server on a port, and sockets to it.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, ClientRequestBuilder, Message, handshake::client::Response},
};

use crate::bench::{Bench, PATIENCE};

/// A server that answers on a port.
pub(crate) struct Live {
    pub(crate) bench: Bench,
    pub(crate) addr: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// A server that was told to stop.
pub(crate) struct Stopping {
    serving: JoinHandle<()>,
    _bench: Bench,
}

/// A socket of the live feed.
pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Live {
    pub(crate) async fn new() -> Self {
        let bench = Bench::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let engine = bench.engine.clone();
        let serving = tokio::spawn(async move {
            let until = async move { drop(stopped.await) };
            adw_server::serve(engine, listener, until).await.unwrap();
        });
        Self { bench, addr, stop, serving }
    }

    /// Tells the server to stop.
    pub(crate) fn stop(self) -> Stopping {
        self.stop.send(()).unwrap();
        Stopping { serving: self.serving, _bench: self.bench }
    }

    pub(crate) fn request(&self, path: &str) -> ClientRequestBuilder {
        ClientRequestBuilder::new(format!("ws://{}/ws/workflows/{path}", self.addr).parse().unwrap())
    }

    /// A socket that carries topics.
    pub(crate) async fn connect_to_topics(&self) -> Socket {
        let url = format!("ws://{}/ws/events", self.addr);
        self.connect_as(ClientRequestBuilder::new(url.parse().unwrap())).await.unwrap().0
    }

    pub(crate) async fn connect(&self, path: &str) -> Socket {
        self.connect_as(self.request(path)).await.unwrap().0
    }

    pub(crate) async fn connect_as(
        &self,
        request: ClientRequestBuilder,
    ) -> Result<(Socket, Response), tungstenite::Error> {
        let (socket, response) = connect_async(request).await?;
        Ok((Socket(socket), response))
    }
}

impl Stopping {
    pub(crate) async fn stopped(self) {
        timeout(PATIENCE, self.serving).await.expect("the server stops").unwrap();
    }
}

impl Socket {
    /// The next frame that is no heartbeat; none at the end of the connection.
    pub(crate) async fn frame(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("something comes in time") {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => return other,
            }
        }
    }

    /// The next message.
    pub(crate) async fn message(&mut self) -> Value {
        match self.frame().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("a message was expected, and {other:?} came"),
        }
    }

    /// Messages up to the first that is as wanted.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            let message = self.message().await;
            let last = wanted(&message);
            messages.push(message);
            if last {
                return messages;
            }
        }
    }

    pub(crate) async fn say(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).await.unwrap();
    }

    /// The code that the server closes with, whatever it says before.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            match self.frame().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("a close was expected, and {other:?} came"),
            }
        }
    }
}
