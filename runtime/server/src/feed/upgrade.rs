//! The request that becomes a socket.

use axum::{
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    follow::{Follow, Since},
    inbound, socket,
};
use crate::{
    app::App,
    body::Faults,
    path::Segments,
    problem::{Kind, Problem},
    query::Parameters,
};

/// From where to follow.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FeedQuery {
    /// Events with a greater `seq`, then what comes; where absent, the present state, then what comes.
    #[param(value_type = Option<u64>)]
    since: Option<String>,
    /// The `epoch` that `since` was seen in; in another one the client is told to reload.
    #[param(value_type = Option<Uuid>)]
    epoch: Option<String>,
}

/// Follows a workflow over a WebSocket.
///
/// Each message is `{type, event, adw_id, data, timestamp, epoch, seq}`. `connection_established` comes first, with
/// the workflow in `data`; then events, each with its `seq`, and between them log lines and progress, which have none.
/// An unknown id is told `not_found`, and is followed once it exists. `{"type":"ping"}` is answered with `pong`.
#[utoipa::path(
    get,
    path = "/ws/workflows/{adw_id}",
    operation_id = "follow_workflow",
    tag = "feed",
    params(("adw_id" = String, Path, description = "The workflow's `adw_id`"), FeedQuery),
    responses((status = 101, description = "The connection is a WebSocket from here on"))
)]
pub(super) async fn upgrade(
    State(app): State<App>,
    Segments(adw_id): Segments<String>,
    Parameters(query): Parameters<FeedQuery>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let since = query.check()?;
    let upgrade = upgrade.map_err(|rejection| refused(&rejection))?;
    if app.drain.begun.is_cancelled() {
        return Err(Problem::new(Kind::Stopping, "the server is stopping: connect again when it is back"));
    }
    // An error of the store is still an HTTP answer here.
    let follow = Follow::open(app.engine, &adw_id, since).await?;
    let limited = upgrade.max_message_size(inbound::LARGEST).max_frame_size(inbound::LARGEST);
    Ok(limited.on_upgrade(move |socket| {
        let conversation = socket::converse(socket, follow, app.drain.begun.clone());
        app.drain.sockets.track_future(conversation)
    }))
}

impl FeedQuery {
    fn check(self) -> Result<Since, Problem> {
        let mut faults = Faults::default();
        let seq = faults.number("?since", self.since, 0, i64::MAX as u64);
        let epoch = self.epoch.filter(|text| !text.is_empty()).and_then(|text| {
            let epoch = text.parse::<Uuid>();
            faults.take("?epoch", epoch.map_err(|_| "epoch must be the UUID that each message carries"))
        });
        faults.into_result(Some(seq.map_or(Since::Now, |seq| Since::Event { seq, epoch })))
    }
}

fn refused(rejection: &WebSocketUpgradeRejection) -> Problem {
    let detail = format!(
        "this address is a WebSocket: connect with ws://, as a browser or `wscat -c` does. What is missing: {}",
        rejection.body_text()
    );
    Problem::new(Kind::UpgradeRequired, detail)
}
