//! Clients: they hand over tasks, follow them, and do what a person does about them.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::timeout};

use super::task::{Kept, Kind, Task, Told};
use crate::support::{
    PATIENCE,
    api::{Answer, Api},
    chance::Chance,
    feed::{Feed, Heard},
};

/// How many clients there are beside those who begin with a kind of their own.
const MORE_CLIENTS: usize = 3;

/// How many tasks a client hands over without following them.
const MOST_LEFT_ALONE: u32 = 10;

const CREATE: &str = "/api/v1/workflows/create";

/// How long to leave a server alone whose disk takes nothing.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// How long a task that is to end may say nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// How it is with a task, to whoever follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    End,
    /// There is no server any more.
    Gone,
    /// Nothing happens any more.
    Silence,
}

/// The server is gone, or about to go.
struct Gone;

/// Who hands over tasks.
#[derive(Clone, Copy, Debug)]
pub enum Load {
    /// A client for each kind of task, which goes on with any.
    Everything,
    /// One client, with one task.
    One(Kind),
}

/// The clients of one server.
#[derive(Default)]
pub struct Clients(Vec<JoinHandle<Vec<Task>>>);

impl Clients {
    /// They begin, and go on until the server is gone. Others come back for what they could not finish with an earlier one.
    pub fn begin(api: &Api, name: &str, load: Load, unfinished: Vec<Task>, chance: &mut Chance) -> Self {
        let mut number = 0;
        let mut client = |kind: &Kind, most| {
            number += 1;
            let name = format!("{name}_client{number}");
            tokio::spawn(one_after_the_other(api.clone(), name, *kind, most, chance.branch()))
        };
        let mut clients: Vec<_> = match load {
            Load::Everything => {
                let kinds = Kind::ALL.iter().chain(&[Kind::Plain; MORE_CLIENTS]);
                kinds.map(|kind| client(kind, u64::MAX)).collect()
            }
            Load::One(kind) => vec![client(&kind, 1)],
        };
        clients.extend(unfinished.into_iter().map(|task| tokio::spawn(come_back(api.clone(), task))));
        Self(clients)
    }

    /// What they know, once the server is gone or they are done.
    pub async fn done(self) -> Vec<Task> {
        let mut tasks = Vec::new();
        for client in self.0 {
            tasks.extend(timeout(PATIENCE, client).await.expect("the client notices the end").unwrap());
        }
        tasks
    }
}

/// Hands over a task of this kind, and then any, until the server is gone.
async fn one_after_the_other(
    api: Api,
    name: String,
    first: Kind,
    most: u64,
    mut chance: Chance,
) -> Vec<Task> {
    let mut tasks = Vec::new();
    let (mut kind, mut left_alone) = (first, 0);
    for number in 0..most {
        let mut task = Task::new(format!("{name}_{number}"), kind);
        let taken = hand_over(&api, &mut task).await.is_ok();
        // The first is followed. Others are only handed over, as fast as can be; but what is left has to be finished in the
        // end.
        let is_left_alone =
            number > 0 && kind == Kind::Plain && left_alone < MOST_LEFT_ALONE && chance.below(3) > 0;
        left_alone += u32::from(is_left_alone);
        let goes_on = taken && (is_left_alone || follow(&api, &mut task).await == Seen::End);
        tasks.push(task);
        if !goes_on {
            break;
        }
        kind = Kind::any(&mut chance);
    }
    tasks
}

/// Goes on with a task, if there is one: it may not have been taken.
async fn come_back(api: Api, mut task: Task) -> Vec<Task> {
    let path = format!("/api/v1/workflows/{}", task.adw_id);
    if api.try_ask(Method::GET, &path, None).await.is_ok_and(|answer| answer.status == 200) {
        follow(&api, &mut task).await;
    }
    vec![task]
}

/// Cancels what is to be cancelled: whoever is at work for it has a place that others wait for.
pub async fn cancel_all(api: &Api, tasks: &[Task]) {
    for task in tasks.iter().filter(|task| task.kind == Kind::Cancelled && !task.has_heard_the_end()) {
        let status = api.cancel(&task.adw_id).await.status;
        assert!(status == 204 || (status == 404 && !task.is_acknowledged), "{status} of {}", task.adw_id);
    }
}

/// Sees to it that a task ends that an earlier server may have, and gives what there is of it.
pub async fn settle(api: &Api, mut task: Task) -> (Task, Option<Kept>) {
    if api.of(&task.adw_id, "").await.status == 404 {
        return (task, None);
    }
    assert_ne!(follow(api, &mut task).await, Seen::Gone, "the last server is to stay");
    let kept = Kept::of_history(&api.events(&task.adw_id).await);
    (task, Some(kept))
}

async fn hand_over(api: &Api, task: &mut Task) -> Result<(), Gone> {
    let (answer, asked) = insist(api, Method::POST, CREATE, Some(&task.json())).await?;
    // A server that has said that it doesn't know may have taken it.
    assert!(
        answer.status == 201 || (answer.status == 409 && asked > 1),
        "{}: {}",
        answer.status,
        answer.text
    );
    task.is_acknowledged = true;
    Ok(())
}

/// Follows a task from where it was left, and does what is to be done.
async fn follow(api: &Api, task: &mut Task) -> Seen {
    if task.has_heard_the_end() {
        return Seen::End;
    }
    // What was to be done, and perhaps wasn't.
    if act(api, task).await.is_err() {
        return Seen::Gone;
    }
    let Ok(mut feed) = Feed::try_open(api, &task.adw_id, Some(task.last())).await else { return Seen::Gone };
    loop {
        let message = match timeout(SILENCE, feed.hear()).await {
            Ok(Heard::Message(message)) => message,
            Ok(Heard::Closed(_) | Heard::Dropped) => return Seen::Gone,
            Err(_) => return Seen::Silence,
        };
        let Some(told) = Told::of_message(&message) else { continue };
        task.heard.push(told);
        if task.has_heard_the_end() {
            return Seen::End;
        }
        if is_to_act(task, &message) && act(api, task).await.is_err() {
            return Seen::Gone;
        }
    }
}

/// Whether this is what the client waits for.
fn is_to_act(task: &Task, message: &Value) -> bool {
    match task.kind {
        Kind::Question => message["event"] == "workflow_waiting",
        Kind::Cancelled => message["event"] == "stage_started",
        Kind::Plain | Kind::Agent | Kind::Retried => false,
    }
}

/// Answers what was asked, cancels what is to be cancelled. Once more does no harm.
async fn act(api: &Api, task: &mut Task) -> Result<(), Gone> {
    let path = format!("/api/v1/workflows/{}", task.adw_id);
    match task.kind {
        Kind::Question if task.has_heard("workflow_waiting") && !task.is_answered => {
            let answer = json!({ "answer": "approve" });
            let path = format!("{path}/answer");
            let (answer, _) = insist(api, Method::POST, &path, Some(&answer)).await?;
            // It may have been taken by a server that died before it could say so.
            task.is_answered = answer.status == 202;
            assert!([202, 409].contains(&answer.status), "{}: {}", answer.status, answer.text);
        }
        Kind::Cancelled if task.has_heard("stage_started") => {
            insist(api, Method::DELETE, &path, None).await?.0.with(204);
        }
        _ => {}
    }
    Ok(())
}

/// What a server said that isn't about to go, and how often it was asked: one whose disk takes nothing is asked again.
async fn insist(api: &Api, method: Method, path: &str, body: Option<&Value>) -> Result<(Answer, u32), Gone> {
    for asked in 1.. {
        let answer = api.try_ask(method.clone(), path, body).await.map_err(|_gone| Gone)?;
        if answer.status < 500 {
            return Ok((answer, asked));
        }
        let problem = answer.with(503);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        if problem["code"] != "store_unavailable" {
            return Err(Gone);
        }
        assert!(problem["detail"].as_str().unwrap().contains("Look at free space"), "{problem:#}");
        tokio::time::sleep(ASK_AGAIN).await;
    }
    Err(Gone)
}
