//! One connection that requests go over, one after the other.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A connection that is kept alive.
pub(crate) struct Connection {
    requests: http1::SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the requests; what goes wrong before that, they are told.
        tokio::spawn(connection);
        Ok(Self { requests, host: address.to_string() })
    }

    /// Takes a task under this id, and waits until it is accepted.
    pub(crate) async fn create(&mut self, adw_id: &str) -> Result<()> {
        let task = serde_json::json!({ "adw_id": adw_id, "title": "Measured", "type": "chore" });
        self.send(Method::POST, "/api/v1/workflows/create", &task, StatusCode::CREATED).await
    }

    /// Notes a result on a workflow that has ended: the smallest change there is.
    pub(crate) async fn annotate(&mut self, adw_id: &str, note: usize) -> Result<()> {
        let change = serde_json::json!({ "result": { "note": note } });
        self.send(Method::PUT, &format!("/api/v1/workflows/{adw_id}/status"), &change, StatusCode::OK).await
    }

    async fn send(&mut self, method: Method, path: &str, body: &Value, expected: StatusCode) -> Result<()> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_string()))?;
        self.requests.ready().await?;
        let answer =
            self.requests.send_request(request).await.with_context(|| format!("no answer to {path}"))?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(status == expected, "{path} answered {status}: {}", String::from_utf8_lossy(&body));
        Ok(())
    }
}
