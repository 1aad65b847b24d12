//! A task that no agent can do: a person is asked, does it in the worktree, and says so.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{
    api::Api,
    command_line::{adw, ask, refused},
    feed::Feed,
    history,
    repository::Repository,
    server::Server,
};

/// A repository whose adw.toml is what `adw init` writes.
fn initialised() -> Repository {
    let repository = Repository::of(&[("sum.txt", "1 + 1 = 3\n")]);
    adw(&repository.path(), &["init"]);
    repository
}

/// The task of the first example in the README.
fn first_example() -> Value {
    json!({ "title": "Test", "description": "Test task", "type": "feature", "stages": ["plan", "implement"] })
}

async fn asks(api: &Api, adw_id: &str) -> Value {
    Feed::open(api, adw_id, Some(0)).await.until_event("workflow_waiting").await;
    let workflow = api.workflow(adw_id).await;
    assert_eq!(workflow["waiting"]["kind"], "agent_by_hand", "{workflow:#}");
    workflow
}

#[tokio::test]
async fn the_first_example_without_any_agent_ends_at_a_person_and_says_what_to_do() {
    let repository = initialised();
    let before = repository.belongings();
    let server = Server::start(&repository).await;
    let (api, folder) = (&server.api, repository.path());
    let adw_id = api.create(&first_example()).await;
    let workflow = asks(api, &adw_id).await;
    assert_eq!(json!([workflow["status"], workflow["current_stage"]]), json!(["running", "implement"]));

    let shown = adw(&folder, &["show", &adw_id, "--server", api.address()]);
    for said in ["work by hand", "Test task", "cd '", &format!("adw answer {adw_id} done   (or failed)")] {
        assert!(shown.contains(said), "{said:?} is missing in\n{shown}");
    }
    let worktree = Path::new(workflow["waiting"]["worktree"].as_str().unwrap());
    let refused = refused(&folder, &["answer", &adw_id, "done", "--server", api.address()]);
    let said = format!("nothing has changed in the worktree {}", worktree.display());
    assert!(refused.contains(&said), "{refused}");
    assert_eq!(api.workflow(&adw_id).await, workflow, "it asks as it did");
    std::fs::write(worktree.join("sum.txt"), "1 + 1 = 2\n").unwrap();
    let answered = ask(&folder, api, &["answer", &adw_id, "done", "--follow"]);
    assert_eq!(answered["status"], "completed", "{answered:#}");
    let branch = answered["branch"].as_str().unwrap();
    assert_eq!(repository.read(branch, "sum.txt"), "1 + 1 = 2\n");
    history::check(api, &adw_id).await;
    before.are_untouched(&repository.belongings());
}

#[tokio::test]
async fn a_person_is_waited_for_while_the_server_is_killed_and_comes_back() {
    let repository = initialised();
    let mut server = Server::start(&repository).await;
    let adw_id = server.api.create(&first_example()).await;
    let before = asks(&server.api, &adw_id).await;
    let worktree = Path::new(before["waiting"]["worktree"].as_str().unwrap()).to_owned();
    std::fs::write(worktree.join("sum.txt"), "1 + 1 = 2\n").unwrap();
    for _ in 0..2 {
        server.kill().await;
        server = Server::start(&repository).await;
        assert_eq!(server.api.workflow(&adw_id).await, before, "it waits as it did");
    }
    ask(&repository.path(), &server.api, &["answer", &adw_id, "done"]);
    let ended = server.api.ends_as(&adw_id, "completed").await;
    assert_eq!(repository.read(ended["branch"].as_str().unwrap(), "sum.txt"), "1 + 1 = 2\n");
    let attempts: Vec<_> =
        ended["stage_runs"].as_array().unwrap().iter().map(|run| &run["attempt"]).collect();
    assert_eq!(attempts, [1, 1], "nothing was done twice");
}

/// Of a branch that is deleted no worktree can be made; of its last commit one can, as long as that is remembered.
#[tokio::test]
async fn a_worktree_that_is_gone_with_its_branch_is_made_of_what_is_left_or_not_at_all() {
    let repository = initialised();
    let server = Server::start(&repository).await;
    let (api, folder) = (&server.api, repository.path());
    let adw_id = api.create(&first_example()).await;
    let before = asks(api, &adw_id).await;
    let worktree = Path::new(before["waiting"]["worktree"].as_str().unwrap());
    let branch = before["branch"].as_str().unwrap();
    let remove = |references: &[&str]| {
        std::fs::remove_dir_all(worktree).unwrap();
        repository.git(&["worktree", "prune"]);
        for name in references {
            repository.git(&["update-ref", "-d", name]);
        }
        refused(&folder, &["answer", &adw_id, "done", "--server", api.address()])
    };
    let of_the_branch = format!("refs/heads/{branch}");
    let said = remove(&[&of_the_branch]);
    assert!(said.contains("and so is its branch: make it again with"), "{said}");
    let remedy = said.split('`').nth(1).unwrap();
    let mended = std::process::Command::new("sh").args(["-c", remedy]).output().unwrap();
    assert!(mended.status.success(), "{remedy}: {mended:?}");
    let undone = refused(&folder, &["answer", &adw_id, "done", "--server", api.address()]);
    assert!(undone.contains("nothing has changed in the worktree"), "{undone}");

    let said = remove(&[&of_the_branch, &format!("refs/adw/{adw_id}")]);
    assert!(!said.contains("worktree add") && said.contains("nothing is left to go on from"), "{said}");
    ask(&folder, api, &["answer", &adw_id, "failed"]);
    api.ends_as(&adw_id, "failed").await;
}

#[tokio::test]
async fn who_can_not_do_it_ends_the_task_with_a_reason() {
    let repository = initialised();
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&first_example()).await;
    asks(&server.api, &adw_id).await;
    ask(&repository.path(), &server.api, &["answer", &adw_id, "failed", "--note", "the sum is right"]);
    let ended = server.api.ends_as(&adw_id, "failed").await;
    let why = ended["error_message"].as_str().unwrap();
    assert!(why.contains("(refused): the sum is right"), "{why}");
}
