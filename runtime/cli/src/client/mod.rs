//! A client of a server: REST here, the live feed in [`feed`].

mod address;
mod board;
mod error;
mod feed;
mod log;
mod patience;
mod problem;
mod socket;
mod workflow;

use std::time::Duration;

use adw_core::{AdwId, StageName};
use reqwest::{Method, RequestBuilder, Url, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub(crate) use address::{Address, InvalidAddress};
pub(crate) use board::{BoardFeed, BoardNews, Row, RowChange};
pub(crate) use error::RequestError;
pub(crate) use feed::{Change, Feed, News};
pub(crate) use log::LogReader;
pub(crate) use patience::{TRIES, pause};
pub(crate) use problem::Problem;
use socket::Socket;
use workflow::HistoricEvent;
pub(crate) use workflow::{
    Changes, Configuration, GivenAnswer, Health, Load, LogLine, NewAnswer, NewRetry, NewTask, Page,
    Reconfigured, RecordedCall, Replay, Request, Stage, Waiting, Workflow, WorkflowBudget,
};

/// How long an answer may take. Nothing that a server does before it answers takes long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The largest answer that is taken: more than any diff has. What has no end is not read to its end.
const LARGEST_ANSWER: usize = 256 << 20;

/// How many log lines are asked for at once.
const LOG_PAGE: usize = 1000;

/// How many recorded calls.
const CALL_PAGE: usize = 50;

/// How many events.
const EVENT_PAGE: usize = 200;

/// What a server answered: what is shown of it, and all of it.
#[derive(Clone, Debug)]
pub(crate) struct Answer<T> {
    pub(crate) view: T,
    pub(crate) raw: Box<RawValue>,
}

pub(crate) struct Client {
    http: reqwest::Client,
    address: Address,
}

impl Client {
    pub(crate) fn new(address: Address) -> Result<Self, RequestError> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("adw/", env!("CARGO_PKG_VERSION")))
            .timeout(PATIENCE)
            .connect_timeout(PATIENCE / 6)
            // A server is on this machine or at the end of a tunnel; a proxy for the web has no way to either.
            .no_proxy()
            // A server sends nobody elsewhere, and a task is handed only to the one that was named.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| RequestError::Client(error.to_string()))?;
        Ok(Self { http, address })
    }

    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }

    /// Which server it is.
    pub(crate) async fn health(&self) -> Result<Health, RequestError> {
        Ok(self.answer::<Health>(self.http.get(self.address.url(&["health"]))).await?.view)
    }

    /// How much the server has to do.
    pub(crate) async fn load(&self) -> Result<Load, RequestError> {
        Ok(self.answer(self.http.get(self.address.url(&["readyz"]))).await?.view)
    }

    /// Which adw.toml the server goes by.
    pub(crate) async fn configuration(&self) -> Result<Answer<Configuration>, RequestError> {
        self.answer(self.http.get(self.address.url(&["api", "v1", "configuration"]))).await
    }

    /// Lets the server go by adw.toml as it is now.
    pub(crate) async fn reload(&self) -> Result<Answer<Configuration>, RequestError> {
        self.answer(self.http.post(self.address.url(&["api", "v1", "configuration", "reload"]))).await
    }

    /// Hands a task over.
    pub(crate) async fn create(&self, task: &NewTask) -> Result<Answer<Workflow>, RequestError> {
        let url = self.address.url(&["api", "v1", "workflows", "create"]);
        self.answer(self.http.post(url).json(task)).await
    }

    /// A workflow as it stands.
    pub(crate) async fn workflow(&self, adw_id: &AdwId) -> Result<Answer<Workflow>, RequestError> {
        self.answer(self.request(Method::GET, adw_id, None)).await
    }

    /// A workflow as it stands, from a server that may be restarting just now.
    pub(crate) async fn workflow_at_last(&self, adw_id: &AdwId) -> Result<Answer<Workflow>, RequestError> {
        for tries in 1..TRIES {
            match self.workflow(adw_id).await {
                Err(error) if error.may_pass() => pause(tries).await,
                answer => return answer,
            }
        }
        self.workflow(adw_id).await
    }

    /// Workflows, newest first, from a cursor on.
    pub(crate) async fn list(
        &self,
        filter: &[(&str, String)],
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Answer<Page<Box<RawValue>>>, RequestError> {
        let url = self.address.url(&["api", "v1", "workflows"]);
        let cursor: Vec<_> = cursor.into_iter().map(|cursor| ("cursor", cursor)).collect();
        self.answer(self.http.get(url).query(filter).query(&cursor).query(&[("limit", limit)])).await
    }

    /// Ends a workflow.
    pub(crate) async fn cancel(&self, adw_id: &AdwId) -> Result<(), RequestError> {
        self.body(self.request(Method::DELETE, adw_id, None)).await.map(drop)
    }

    /// Holds a workflow.
    pub(crate) async fn pause(
        &self,
        adw_id: &AdwId,
        reason: Option<&str>,
    ) -> Result<Answer<Workflow>, RequestError> {
        let body = json!({ "reason": reason });
        self.answer(self.request(Method::POST, adw_id, Some("pause")).json(&body)).await
    }

    /// Lets a paused workflow go on.
    pub(crate) async fn resume(&self, adw_id: &AdwId) -> Result<Answer<Workflow>, RequestError> {
        self.answer(self.request(Method::POST, adw_id, Some("resume"))).await
    }

    /// Lets a failed workflow go on, from the stage that failed or from an earlier one.
    pub(crate) async fn retry(
        &self,
        adw_id: &AdwId,
        how: &NewRetry<'_>,
    ) -> Result<Answer<Workflow>, RequestError> {
        self.answer(self.request(Method::POST, adw_id, Some("retry")).json(how)).await
    }

    /// Answers what a workflow asks, as it stood at a version.
    pub(crate) async fn give_answer(
        &self,
        adw_id: &AdwId,
        given: &NewAnswer,
        version: u64,
    ) -> Result<Answer<Workflow>, RequestError> {
        let request = self.request(Method::POST, adw_id, Some("answer"));
        self.answer(request.header(header::IF_MATCH, format!("\"{version}\"")).json(given)).await
    }

    /// The answers that a workflow was given, and the stages that had asked.
    pub(crate) async fn answers(
        &self,
        adw_id: &AdwId,
    ) -> Result<Vec<(Option<StageName>, GivenAnswer)>, RequestError> {
        let mut answers = Vec::new();
        let mut after = None;
        loop {
            let after_this: Vec<_> = after.iter().map(|after: &String| ("after", after.clone())).collect();
            let request = self.request(Method::GET, adw_id, Some("events"));
            let request = request.query(&[("limit", EVENT_PAGE)]).query(&after_this);
            let page = self.answer::<Page<HistoricEvent>>(request).await?.view;
            let given = page.items.into_iter().filter(|event| event.kind == "question_answered");
            answers.extend(
                given.filter_map(|event| Some((event.stage, GivenAnswer::deserialize(event.data).ok()?))),
            );
            after = page.next_cursor;
            if after.is_none() {
                return Ok(answers);
            }
        }
    }

    /// What a workflow changed, as a unified diff.
    pub(crate) async fn diff(&self, adw_id: &AdwId) -> Result<String, RequestError> {
        let body = self.body(self.request(Method::GET, adw_id, Some("diff"))).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// A page of the lines of an attempt, from an offset on.
    async fn logs(
        &self,
        adw_id: &AdwId,
        stage: &StageName,
        attempt: u32,
        offset: u64,
    ) -> Result<Vec<LogLine>, RequestError> {
        let query = [
            ("stage", stage.to_string()),
            ("attempt", attempt.to_string()),
            ("offset", offset.to_string()),
            ("limit", LOG_PAGE.to_string()),
        ];
        let request = self.request(Method::GET, adw_id, Some("logs")).query(&query);
        Ok(self.answer::<Page<LogLine>>(request).await?.view.items)
    }

    /// A page of the calls of an attempt, as the server tells them.
    pub(crate) async fn calls(
        &self,
        adw_id: &AdwId,
        stage: &StageName,
        attempt: u32,
        after: Option<&str>,
    ) -> Result<Page<Value>, RequestError> {
        let query = [
            ("stage", stage.to_string()),
            ("attempt", attempt.to_string()),
            ("limit", CALL_PAGE.to_string()),
        ];
        let after: Vec<_> = after.into_iter().map(|after| ("after", after)).collect();
        let request = self.request(Method::GET, adw_id, Some("journal")).query(&query).query(&after);
        Ok(self.answer::<Page<Value>>(request).await?.view)
    }

    /// An attempt once more over its record, by its own plugin or by these bytes.
    pub(crate) async fn replay(
        &self,
        adw_id: &AdwId,
        stage: &StageName,
        attempt: u32,
        plugin: Vec<u8>,
    ) -> Result<Answer<Replay>, RequestError> {
        let query = [("stage", stage.to_string()), ("attempt", attempt.to_string())];
        let request = self.request(Method::POST, adw_id, Some("replay")).query(&query);
        self.answer(request.header(header::CONTENT_TYPE, "application/wasm").body(plugin)).await
    }

    fn request(&self, method: Method, adw_id: &AdwId, part: Option<&str>) -> RequestBuilder {
        let segments = ["api", "v1", "workflows", adw_id.as_str()];
        let segments: Vec<&str> = segments.into_iter().chain(part).collect();
        self.http.request(method, self.address.url(&segments))
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Answer<T>, RequestError> {
        let body = self.body(request).await?;
        let raw: Box<RawValue> =
            serde_json::from_slice(&body).map_err(|error| self.unexpected(error.to_string()))?;
        let view = serde_json::from_str(raw.get()).map_err(|error| self.unexpected(error.to_string()))?;
        Ok(Answer { view, raw })
    }

    async fn body(&self, request: RequestBuilder) -> Result<Vec<u8>, RequestError> {
        let mut answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| self.unreachable(&error))? {
            if body.len() + part.len() > LARGEST_ANSWER {
                return Err(self.unexpected("its answer doesn't end".to_owned()));
            }
            body.extend_from_slice(&part);
        }
        if status.is_success() {
            return Ok(body);
        }
        let problem = Problem::read(status.as_u16(), &body);
        // Any web server says 404 to what it doesn't know; ours says it in the form of a problem.
        if problem.raw.get("status").is_none() {
            return Err(self.unexpected(format!("status {status} without a problem document")));
        }
        Err(RequestError::Refused(Box::new(problem)))
    }

    fn unreachable(&self, error: &reqwest::Error) -> RequestError {
        RequestError::Unreachable {
            address: self.address.clone(),
            cause: root_cause(error).to_string(),
            // One that takes too long is there.
            is_gone: !error.is_timeout(),
        }
    }

    fn unexpected(&self, what: String) -> RequestError {
        RequestError::Unexpected { address: self.address.clone(), what }
    }

    /// Returns when the server is gone, and says whether it was there at all.
    pub(crate) async fn until_gone(&self) -> bool {
        let Ok(Ok(mut socket)) = Socket::connect(self, &self.board_url()).await else { return false };
        while socket.hear().await.is_ok() {}
        true
    }

    fn feed_url(&self, adw_id: &AdwId) -> Url {
        self.address.socket_url(&["ws", "workflows", adw_id.as_str()])
    }

    fn board_url(&self) -> Url {
        self.address.socket_url(&["ws", "events"])
    }
}

/// What lies at the bottom of an error: "Connection refused" rather than "error sending request".
fn root_cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}
