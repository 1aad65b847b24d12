//! REST, as any client speaks it.

use std::time::{Duration, Instant};

use adw_core::Recorded;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, feed::Feed};

/// A server's address, and the connections to it.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    address: String,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    /// Its body, once it is sure that the status is this.
    #[track_caller]
    pub fn with(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).unwrap() }
    }

    /// The problem that it is.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.with(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{problem}");
        assert!(problem["error"].as_str().is_some_and(|error| !error.is_empty()), "{problem}");
        problem
    }
}

impl Api {
    pub fn new(address: &str) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        Self { http, address: address.to_owned() }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// The same place by another scheme.
    pub fn socket_address(&self) -> String {
        self.address.replacen("http://", "ws://", 1)
    }

    /// Asks, and says where there was no answer.
    pub async fn try_ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.address));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, text: response.text().await? })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.try_ask(Method::GET, path, None).await.unwrap()
    }

    /// Hands over a task. None where the server didn't answer.
    pub async fn try_create(&self, task: &Value) -> Result<Answer, reqwest::Error> {
        self.try_ask(Method::POST, "/api/v1/workflows/create", Some(task)).await
    }

    /// Hands over a task that is taken, and gives its id.
    pub async fn create(&self, task: &Value) -> String {
        let task = self.try_create(task).await.unwrap().with(201);
        task["adw_id"].as_str().unwrap().to_owned()
    }

    /// The workflow, as `GET` has it.
    pub async fn workflow(&self, adw_id: &str) -> Value {
        self.of(adw_id, "").await.with(200)
    }

    /// A part of a workflow: `/events`, `/diff`.
    pub async fn of(&self, adw_id: &str, part: &str) -> Answer {
        self.get(&format!("/api/v1/workflows/{adw_id}{part}")).await
    }

    /// Waits until a line of the workflow's log holds these words, and gives it.
    pub async fn logged(&self, adw_id: &str, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let page = self.of(adw_id, "/logs?limit=1000").await.with(200);
            let mut lines =
                page["items"].as_array().unwrap().iter().filter_map(|line| line["message"].as_str());
            if let Some(line) = lines.find(|line| line.contains(words)) {
                return line.to_owned();
            }
            assert!(begun.elapsed() < PATIENCE, "{words:?} is not in the log: {page:#}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn cancel(&self, adw_id: &str) -> Answer {
        self.try_ask(Method::DELETE, &format!("/api/v1/workflows/{adw_id}"), None).await.unwrap()
    }

    pub async fn put_status(&self, adw_id: &str, body: Value) -> Answer {
        let path = format!("/api/v1/workflows/{adw_id}/status");
        self.try_ask(Method::PUT, &path, Some(&body)).await.unwrap()
    }

    pub async fn retry(&self, adw_id: &str) -> Answer {
        let path = format!("/api/v1/workflows/{adw_id}/retry");
        self.try_ask(Method::POST, &path, None).await.unwrap()
    }

    /// The events of a workflow, as they are served, read in small pages.
    pub async fn events(&self, adw_id: &str) -> Vec<Value> {
        let mut events = Vec::new();
        let mut after = Some("0".to_owned());
        while let Some(seq) = after {
            let page = self.of(adw_id, &format!("/events?after={seq}&limit=7")).await.with(200);
            events.extend(page["items"].as_array().unwrap().iter().cloned());
            after = page["next_cursor"].as_str().map(str::to_owned);
        }
        events
    }

    /// The events of a workflow, as the domain knows them.
    pub async fn history(&self, adw_id: &str) -> Vec<Recorded> {
        self.events(adw_id).await.into_iter().map(recorded).collect()
    }

    /// Waits for a workflow's end, hearing of it over the feed; of one that was retried, for the present one.
    pub async fn end(&self, adw_id: &str) -> Value {
        // What isn't there would never end.
        self.workflow(adw_id).await;
        let mut feed = Feed::open(self, adw_id, Some(0)).await;
        loop {
            feed.until_end().await;
            let workflow = self.workflow(adw_id).await;
            if ["completed", "failed", "cancelled"].iter().any(|end| workflow["status"] == *end) {
                return workflow;
            }
        }
    }

    /// Waits for a workflow's end, which is to be this.
    pub async fn ends_as(&self, adw_id: &str, status: &str) -> Value {
        let workflow = self.end(adw_id).await;
        assert_eq!(workflow["status"], status, "{workflow:#}");
        workflow
    }
}

/// A served event has the members of its kind under `data`.
fn recorded(mut event: Value) -> Recorded {
    let members = event.as_object_mut().unwrap();
    let Some(Value::Object(data)) = members.remove("data") else {
        panic!("an event without data: {members:?}")
    };
    members.extend(data);
    serde_json::from_value(event.clone()).unwrap_or_else(|error| panic!("{error}: {event:#}"))
}
