//! Whoever asks is told the same: REST, the live feed, the history and the command line.

use serde_json::{Value, json};

use super::{
    api::Api,
    command_line,
    feed::{Feed, events},
    history,
    repository::Repository,
};

/// Asks everywhere for a workflow that has ended. `heard` is what its feed told from the first event on.
pub async fn all_agree(api: &Api, repository: &Repository, adw_id: &str, heard: &[Value]) -> Value {
    let (workflow, _) = history::check(api, adw_id).await;
    command_line_agrees(api, repository, adw_id, &workflow);
    lists_agree(api, adw_id, &workflow).await;
    new_feed_agrees(api, adw_id, &workflow).await;
    old_feed_agrees(api, adw_id, &workflow, &events(heard)).await;
    workflow
}

fn command_line_agrees(api: &Api, repository: &Repository, adw_id: &str, workflow: &Value) {
    let folder = repository.path();
    assert_eq!(&command_line::ask(&folder, api, &["show", adw_id]), workflow);
    let listed = command_line::ask(&folder, api, &["ls"]);
    assert!(listed["items"].as_array().unwrap().contains(workflow), "{listed:#}");
}

async fn lists_agree(api: &Api, adw_id: &str, workflow: &Value) {
    let list = api.get("/api/v1/workflows").await.with(200);
    for name in ["items", "tasks"] {
        assert!(list[name].as_array().unwrap().contains(workflow), "{name} of {list:#}");
    }
    assert_eq!(api.of(adw_id, "/stages").await.with(200)["items"], workflow["stage_runs"]);
    let answer = api.of(adw_id, "").await;
    assert_eq!(answer.headers["etag"].to_str().unwrap().trim_matches('"'), workflow["version"].to_string());
}

/// Who comes late is given the same, at once.
async fn new_feed_agrees(api: &Api, adw_id: &str, workflow: &Value) {
    let mut feed = Feed::open(api, adw_id, None).await;
    let established = feed.message().await;
    assert_eq!(established["type"], "connection_established");
    assert_eq!(&established["data"], workflow);
    let present = feed.message().await;
    assert_eq!(present["type"], "status_update");
    is_part_of(&present["data"], workflow);
}

/// Who was there all the time was told each event, and the end at last.
async fn old_feed_agrees(api: &Api, adw_id: &str, workflow: &Value, heard: &[Value]) {
    let served = api.events(adw_id).await;
    let pick = |event: &Value, name: &str, at: &str| json!([event["seq"], event[name], event[at]]);
    let told: Vec<_> = heard.iter().map(|message| pick(message, "event", "timestamp")).collect();
    let written: Vec<_> = served.iter().map(|event| pick(event, "type", "at")).collect();
    assert_eq!(told, written);
    assert!(heard.iter().all(|message| message["epoch"] == workflow["epoch"]));
    let last = heard.last().unwrap();
    assert_eq!((&last["type"], &last["seq"]), (&json!("status_update"), &workflow["seq"]));
    is_part_of(&last["data"], workflow);
    for run in workflow["stage_runs"].as_array().unwrap() {
        stage_agrees(run, heard);
    }
}

/// What the feed told last of a stage is what its run shows.
fn stage_agrees(run: &Value, heard: &[Value]) {
    let last = |kind: &str| {
        let of_stage = |message: &&Value| message["type"] == kind && message["data"]["stage"] == run["name"];
        heard.iter().rev().find(of_stage).unwrap_or_else(|| panic!("no {kind} of {run:#}"))
    };
    let update = last("stage_update");
    assert_eq!(update["data"]["current_stage"], run["name"]);
    assert_eq!(update["timestamp"], run["started_at"]);
    let ended = last("progress_update");
    assert_eq!(ended["timestamp"], run["completed_at"]);
    let (data, result) = (&ended["data"], &ended["data"]["stage_result"]);
    assert_eq!(
        json!([data["attempt"], result["status"], result["summary"], result["data"]]),
        json!([run["attempt"], run["status"], run["summary"], run["output"]])
    );
}

/// Every member of one is a member of the other, and the same.
fn is_part_of(part: &Value, whole: &Value) {
    let members = part.as_object().unwrap();
    assert!(members.len() > 4, "{part}");
    for (name, value) in members {
        assert_eq!(value, &whole[name], "{name} of {part:#}");
    }
}
