//! Work that fails its tests goes back, with what failed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_core::{Event, Recorded};
use serde_json::{Value, json};
use support::{
    agreement::all_agree,
    feed::{Feed, events, is_end},
    history,
    repository::Repository,
    samples::Sample,
    server::Server,
};

/// Implements with an agent of those that are granted, and tests.
fn configure(repository: &Repository, granted: &str) {
    repository.write(
        "adw.toml",
        &format!(
            r#"
[stages.implement]
plugin = "builtin:implement"
[stages.implement.grants]
workspace = "write"
agent = {granted}
[stages.test]
plugin = "builtin:test"
on_rework = "implement"
max_rework = 2
[stages.test.grants]
workspace = "read"
exec = [["python3", "-m", "unittest", "**"]]
[pipelines.default]
stages = ["implement", "test"]
"#
        ),
    );
}

/// Makes a script the agent `mine`.
fn with_agent(repository: &Repository, body: &str) {
    let agent = repository.script("agent", body);
    repository.configure(&format!("[agents.mine]\nprofile = \"command\"\ncommand = [{agent:?}]\n"));
}

/// Wrong at first; right once the prompt says which test failed.
const LEARNS: &str = "\
prompt=$(cat)
case \"$prompt\" in
*test_a_tenth_off*) sed -i 's/return price . price/return price - price/' shop/prices.py ;;
*) sed -i 's/return price . price/return price \\/ price/' shop/prices.py ;;
esac
";

/// Changes something each time, and never what matters.
const NEVER_LEARNS: &str = "\
cat >/dev/null
echo '# looked at' >> shop/prices.py
";

#[tokio::test]
async fn an_agent_that_is_wrong_first_gets_the_feedback_and_is_right_then() {
    let sample = Sample::python();
    configure(&sample.repository, r#"["mine"]"#);
    with_agent(&sample.repository, LEARNS);
    let server = Server::start(&sample.repository).await;
    let adw_id = server.api.create(&json!({ "title": sample.title, "type": "bug" })).await;
    let heard = Feed::open(&server.api, &adw_id, Some(0)).await.until_end().await;

    let workflow = all_agree(&server.api, &sample.repository, &adw_id, &heard).await;
    assert_eq!(workflow["status"], "completed", "{workflow:#}");
    assert_eq!(runs(&workflow, "attempt"), json!([["implement", 2], ["test", 2]]));
    assert_eq!(runs(&workflow, "round"), json!([["implement", 1], ["test", 1]]));
    assert_eq!(runs(&workflow, "failures"), json!([["implement", 0], ["test", 0]]));
    assert_eq!(sample.repository.read(workflow["branch"].as_str().unwrap(), sample.file), sample.mended);
    let story = [
        "task_created",
        "workflow_started",
        "stage_started",
        "stage_completed",
        "stage_started",
        "stage_reworked",
        "stage_started",
        "stage_completed",
        "stage_started",
        "stage_completed",
        "workflow_completed",
    ];
    let heard = events(&heard);
    assert_eq!(heard.iter().map(|message| &message["event"]).collect::<Vec<_>>(), story);
    feedback_is_told(&heard);
    progress_never_falls(&heard);
}

/// Who gets the work back is told what failed.
fn feedback_is_told(heard: &[Value]) {
    let rework = heard.iter().find(|message| message["type"] == "stage_reworked").unwrap();
    let data = &rework["data"];
    assert_eq!(json!([data["stage"], data["to"], data["round"]]), json!(["test", "implement", 1]));
    let feedback = data["feedback"].as_str().unwrap();
    assert!(feedback.contains("test_a_tenth_off"), "{feedback}");
    let again = heard.iter().rfind(|message| {
        message["type"] == "stage_update" && message["data"]["current_stage"] == "implement"
    });
    let reason = &again.unwrap()["data"]["reason"];
    assert_eq!(json!([reason["kind"], reason["stage"], reason["round"]]), json!(["rework", "test", 1]));
    assert_eq!(reason["feedback"], feedback);
}

fn progress_never_falls(heard: &[Value]) {
    let progress: Vec<_> = heard.iter().filter_map(|message| message["data"]["progress"].as_u64()).collect();
    assert!(progress.len() > 5 && progress.is_sorted(), "{progress:?}");
    assert!(progress.iter().all(|percent| *percent <= 100));
}

#[tokio::test]
async fn an_agent_that_never_is_right_ends_in_failure_and_the_reason_is_told() {
    let sample = Sample::python();
    configure(&sample.repository, r#"["mine"]"#);
    with_agent(&sample.repository, NEVER_LEARNS);
    let server = Server::start(&sample.repository).await;
    let before = sample.repository.belongings();
    let adw_id = server.api.create(&json!({ "title": sample.title, "type": "bug" })).await;
    let heard = Feed::open(&server.api, &adw_id, Some(0)).await.until_end().await;

    let last = heard.last().unwrap();
    assert_eq!(json!([last["type"], last["data"]["status"]]), json!(["status_update", "failed"]));
    let reason = last["data"]["error_message"].as_str().unwrap();
    assert!(reason.contains("max_rework") && reason.contains("test_a_tenth_off"), "{reason}");

    let (workflow, _) = history::check(&server.api, &adw_id).await;
    assert_eq!((&workflow["status"], &workflow["error_message"]), (&json!("failed"), &json!(reason)));
    assert_eq!(workflow["current_stage"], "test");
    assert_eq!(
        runs(&workflow, "attempt"),
        json!([["implement", 3], ["test", 3]]),
        "two chances after the first"
    );
    assert_eq!(heard.iter().filter(|message| message["event"] == "stage_reworked").count(), 2);
    before.are_untouched(&sample.repository.belongings());

    // Who comes late is told the reason too.
    let mut late = Feed::open(&server.api, &adw_id, None).await;
    let present = late.message_of("status_update").await;
    assert!(!is_end(&present), "the present state is no event");
    assert_eq!(present["data"]["error_message"], reason);
}

/// The task of a person whose diff makes it worse.
fn with_a_wrong_diff(sample: &Sample) -> Value {
    json!({ "title": sample.title, "type": "bug", "patch": sample.diff.replace("+    return price - ", "+    return price / ") })
}

#[tokio::test]
async fn a_diff_that_fails_its_tests_is_mended_by_the_first_agent_that_is_there() {
    let sample = Sample::python();
    configure(&sample.repository, r#"["*"]"#);
    with_agent(&sample.repository, LEARNS);
    let server = Server::start(&sample.repository).await;
    let adw_id = server.api.create(&with_a_wrong_diff(&sample)).await;
    let heard = Feed::open(&server.api, &adw_id, Some(0)).await.until_end().await;

    let workflow = all_agree(&server.api, &sample.repository, &adw_id, &heard).await;
    assert_eq!(workflow["status"], "completed", "{workflow:#}");
    assert_eq!(runs(&workflow, "attempt"), json!([["implement", 2], ["test", 2]]));
    let by: Vec<_> = server.api.history(&adw_id).await.into_iter().filter_map(agent).collect();
    assert_eq!(by, ["patch", "mine"]);
    assert_eq!(sample.repository.read(workflow["branch"].as_str().unwrap(), sample.file), sample.mended);
}

#[tokio::test]
async fn a_diff_that_fails_its_tests_is_mended_by_a_person_where_no_agent_is_there() {
    let sample = Sample::python();
    configure(&sample.repository, r#"["*"]"#);
    let server = Server::start(&sample.repository).await;
    let adw_id = server.api.create(&with_a_wrong_diff(&sample)).await;
    let mut feed = Feed::open(&server.api, &adw_id, Some(0)).await;
    feed.until(|message| message["data"]["waiting"]["kind"] == "agent_by_hand").await;
    let (workflow, _) = history::check(&server.api, &adw_id).await;
    let waiting = &workflow["waiting"];
    let (message, prompt) = (waiting["message"].as_str().unwrap(), waiting["prompt"].as_str().unwrap());
    assert!(message.contains("the task's diff is applied and doesn't pass"), "{message}");
    assert!(prompt.contains("test_a_tenth_off"), "{prompt}");
}

#[tokio::test]
async fn where_only_patch_may_be_asked_a_diff_that_fails_its_tests_fails_with_their_report() {
    for (agent, granted) in [(json!("patch"), r#"["*"]"#), (json!(null), r#"["patch"]"#)] {
        let sample = Sample::python();
        configure(&sample.repository, granted);
        with_agent(&sample.repository, LEARNS);
        let server = Server::start(&sample.repository).await;
        let mut task = with_a_wrong_diff(&sample);
        task["agent"] = agent;
        let adw_id = server.api.create(&task).await;
        let workflow = server.api.ends_as(&adw_id, "failed").await;
        assert_eq!(runs(&workflow, "attempt"), json!([["implement", 2], ["test", 1]]));
        let reason = workflow["error_message"].as_str().unwrap();
        assert!(reason.contains("the task's diff is applied, and doesn't pass the stage test"), "{reason}");
        assert!(reason.contains("test_a_tenth_off"), "{reason}");
    }
}

/// Who did the work of a stage that was completed.
fn agent(recorded: Recorded) -> Option<String> {
    let Event::StageCompleted { output, .. } = recorded.event else { return None };
    Some(output.data["agent"].as_str()?.to_owned())
}

/// One member of each stage's run, beside its name.
fn runs(workflow: &Value, member: &str) -> Value {
    let runs = workflow["stage_runs"].as_array().unwrap();
    runs.iter().map(|run| json!([run["name"], run[member]])).collect()
}
