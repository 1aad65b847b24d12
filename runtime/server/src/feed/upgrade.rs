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
    inbound,
    socket::{self, Told},
    topics::Topics,
};
use crate::{
    app::{App, Drain},
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
    let upgrade = admitted(&app, upgrade)?;
    // An error of the store is still an HTTP answer here.
    let follow = Follow::open(app.engine, &adw_id, since).await?;
    Ok(open(upgrade, app.drain, follow))
}

/// Follows topics over one WebSocket.
///
/// `{"type":"subscribe","topic":"board"}` is answered with `subscribed`, and then told of every workflow: first the rows
/// as they stand, in `data.items` of `snapshot` messages, of which the last has `data.complete`; then, and between these
/// already what happens meanwhile, every event as `{type, event, topic, adw_id, data, timestamp, epoch, seq}`. Its `data`
/// is the row after it, with the stage that it tells of as `data.stage`. A row has a `seq` too: nothing is missed
/// between the two, and nothing comes twice.
///
/// `resync_required` ends the subscription of a client that reads too slowly; it subscribes again.
/// `{"type":"unsubscribe","topic":"board"}` is answered with `unsubscribed`, `{"type":"ping"}` with `pong`.
/// The server closes with 1001 when it stops, with 4408 or 4413 when the client seems gone or takes nothing; connect
/// again after these.
#[utoipa::path(
    get,
    path = "/ws/events",
    operation_id = "follow_topics",
    tag = "feed",
    responses((status = 101, description = "The connection is a WebSocket from here on"))
)]
pub(super) async fn events(
    State(app): State<App>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = admitted(&app, upgrade)?;
    let topics = Topics::new(app.engine);
    Ok(open(upgrade, app.drain, topics))
}

/// A request that may become a socket.
fn admitted(
    app: &App,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<WebSocketUpgrade, Problem> {
    let upgrade = upgrade.map_err(|rejection| refused(&rejection))?;
    if app.drain.begun.is_cancelled() {
        return Err(Problem::new(Kind::Stopping, "the server is stopping: connect again when it is back"));
    }
    Ok(upgrade)
}

fn open(upgrade: WebSocketUpgrade, drain: Drain, told: impl Told + 'static) -> Response {
    let limited = upgrade
        .max_message_size(inbound::LARGEST)
        .max_frame_size(inbound::LARGEST)
        .read_buffer_size(inbound::USUAL);
    limited.on_upgrade(move |socket| {
        let conversation = socket::converse(socket, told, drain.begun.clone());
        drain.sockets.track_future(conversation)
    })
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
