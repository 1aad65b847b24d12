//! Agents and commands outlive the server: what it was waiting for when it ended is waited for by the next one, and is run
//! again only where nobody can know any more what came of it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::time::Duration;

use adw_agents::supervisor::State;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use support::{
    PATIENCE,
    command_line::adw,
    history,
    polling::{self, Process, wait_for},
    repository::Repository,
    samples::with_agent,
    scripts,
    server::Server,
};

/// How long a program may live that was told to end: longer than the ladder from polite to final.
const LADDER: Duration = Duration::from_secs(10);

/// A program that is at work, for a workflow of a server.
struct AtWork<'a> {
    repository: &'a Repository,
    adw_id: String,
    /// The program, and the child that left it.
    processes: [Process; 2],
}

impl<'a> AtWork<'a> {
    /// Hands over the task and waits for the program's own sign.
    async fn begin(server: &Server<'a>, task: &Value) -> Self {
        let repository = server.repository();
        let adw_id = server.api.create(task).await;
        let processes = [
            polling::process(&repository.beside("pid")).await,
            polling::process(&repository.beside("child")).await,
        ];
        let begun = Self { repository, adw_id, processes };
        begun.goes_on();
        begun
    }

    async fn agent(server: &Server<'a>) -> Self {
        Self::begin(server, &json!({ "title": "Work", "pipeline": "agent" })).await
    }

    fn goes_on(&self) {
        assert!(self.processes.iter().all(|process| process.lives()));
    }

    async fn is_over(&self) {
        for process in self.processes {
            process.is_gone_within(LADDER).await;
        }
    }

    /// Lets it do its second half.
    fn go(&self) {
        std::fs::write(self.repository.beside("go"), "").unwrap();
    }

    /// Its end is written down, whoever is there to hear of it.
    async fn ends_unseen(&self) {
        let has_ended = || self.repository.runs().iter().any(|run| run.state == State::Ended);
        wait_for("the end of the program", PATIENCE, || has_ended().then_some(())).await;
    }

    /// The workflow completes, in the attempt that was under way; the program was begun so often.
    async fn completes(&self, server: &Server<'_>, stage: &str, runs: usize) {
        server.api.ends_as(&self.adw_id, "completed").await;
        let (workflow, history) = history::check(&server.api, &self.adw_id).await;
        history::every_stage_completed_once(&workflow, &history);
        let run = workflow["stage_runs"].as_array().unwrap().iter().find(|run| run["name"] == stage).unwrap();
        assert_eq!((&run["attempt"], &run["failures"]), (&json!(1), &json!(0)), "{run:#}");
        self.was_begun(runs);
        self.is_over().await;
    }

    fn was_begun(&self, runs: usize) {
        let ledger = std::fs::read_to_string(self.repository.beside("ledger")).unwrap();
        assert_eq!(ledger.lines().count(), runs);
    }

    /// Its work is on the branch, as whoever did it last left it.
    async fn left_its_work(&self, server: &Server<'_>) {
        let workflow = server.api.workflow(&self.adw_id).await;
        assert_eq!(self.repository.read(workflow["branch"].as_str().unwrap(), "work.txt"), "whole\n");
    }
}

fn kill(process: Process) {
    let pid = Pid::from_raw(i32::try_from(process.0).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

/// The next server finds the agent at work, and waits for it.
async fn is_adopted_after(end: impl AsyncFnOnce(Server<'_>)) {
    let repository = with_agent(&scripts::works_in_two_halves());
    let server = Server::start(&repository).await;
    let agent = AtWork::agent(&server).await;
    end(server).await;
    agent.goes_on();

    let server = Server::start(&repository).await;
    server.api.logged(&agent.adw_id, "still at work, and goes on").await;
    agent.goes_on();
    agent.go();
    agent.completes(&server, "implement", 1).await;
    agent.left_its_work(&server).await;
    assert!(repository.runs().is_empty(), "what was kept of it is gone");
}

#[tokio::test]
async fn an_agent_whose_server_is_killed_works_on_and_its_answer_is_the_next_ones() {
    is_adopted_after(async |server| server.kill().await).await;
}

#[tokio::test]
async fn an_agent_whose_server_is_stopped_works_on_and_its_answer_is_the_next_ones() {
    is_adopted_after(async |server| server.terminate().await).await;
}

#[tokio::test]
async fn an_agent_goes_on_through_many_servers() {
    let repository = with_agent(&scripts::works_in_two_halves());
    let mut server = Server::start(&repository).await;
    let agent = AtWork::agent(&server).await;
    for round in 0..4 {
        match round % 2 {
            0 => server.kill().await,
            _ => server.terminate().await,
        }
        server = Server::start(&repository).await;
        agent.goes_on();
    }
    agent.go();
    agent.completes(&server, "implement", 1).await;
}

#[tokio::test]
async fn a_worktree_without_files_is_left_to_the_agent_that_works_in_it() {
    let repository = with_agent(&scripts::patient());
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&json!({ "title": "Work", "pipeline": "agent" })).await;
    let agent = polling::process(&repository.beside("pid")).await;
    server.kill().await;
    let server = Server::start(&repository).await;
    server.api.logged(&adw_id, "still at work, and goes on").await;
    assert!(agent.lives());
    std::fs::write(repository.beside("go"), "").unwrap();
    let workflow = server.api.ends_as(&adw_id, "completed").await;
    assert_eq!(repository.read(workflow["branch"].as_str().unwrap(), "work.txt"), "done\n");
}

#[tokio::test]
async fn an_agent_that_ends_while_no_server_is_there_is_not_asked_again() {
    let repository = with_agent(&scripts::works_in_two_halves());
    let server = Server::start(&repository).await;
    let agent = AtWork::agent(&server).await;
    server.kill().await;
    agent.go();
    agent.ends_unseen().await;
    agent.is_over().await;

    let server = Server::start(&repository).await;
    agent.completes(&server, "implement", 1).await;
    agent.left_its_work(&server).await;
    server.api.logged(&agent.adw_id, "had ended while no server was there").await;
}

#[tokio::test]
async fn an_agent_that_nobody_supervises_any_more_is_ended_and_asked_again() {
    let repository = with_agent(&scripts::sleeps_once());
    let server = Server::start(&repository).await;
    let agent = AtWork::agent(&server).await;
    let supervisor = repository.supervisor();
    server.kill().await;
    kill(supervisor);
    supervisor.is_gone_within(LADDER).await;
    agent.goes_on();

    let server = Server::start(&repository).await;
    // The second one fails where it finds anything of the first, process or file.
    agent.completes(&server, "implement", 2).await;
    agent.left_its_work(&server).await;
    let told = server.api.logged(&agent.adw_id, "its supervisor was killed").await;
    assert!(told.contains("is made again, on the worktree as it was before"), "{told}");
    let events = server.api.events(&agent.adw_id).await;
    let interrupted = events.iter().find(|event| event["type"] == "stage_interrupted").unwrap();
    assert!(interrupted.to_string().contains("and so did who supervised its program"), "{interrupted}");
}

#[tokio::test]
async fn an_agent_whose_supervisor_is_killed_under_the_server_is_ended_and_asked_again() {
    let repository = with_agent(&scripts::sleeps_once());
    let server = Server::start(&repository).await;
    let agent = AtWork::agent(&server).await;
    kill(repository.supervisor());
    agent.completes(&server, "implement", 2).await;
    agent.left_its_work(&server).await;
    let told = server.api.logged(&agent.adw_id, "its supervisor was killed").await;
    assert!(told.contains("processes that were left of it were ended"), "{told}");
}

#[tokio::test]
async fn an_agent_that_is_never_seen_to_its_end_is_not_asked_for_ever() {
    let repository = with_agent(&scripts::kills_its_supervisor());
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&json!({ "title": "Work", "pipeline": "agent" })).await;
    let failed = server.api.ends_as(&adw_id, "failed").await;
    let message = failed["error_message"].as_str().unwrap();
    assert!(message.contains("interrupted") && message.contains("the last of 3 tries in a row"), "{message}");
    let ledger = std::fs::read_to_string(repository.beside("ledger")).unwrap();
    assert_eq!(ledger.lines().count(), 3);
}

#[tokio::test]
async fn a_server_that_stops_its_agents_ends_them_and_the_next_one_asks_again() {
    let repository = with_agent(&scripts::sleeps_once());
    let server = Server::start_with(&repository, |command| command.arg("--stop-agents")).await;
    let agent = AtWork::agent(&server).await;
    server.terminate().await;
    assert!(agent.processes.iter().all(|process| !process.lives()), "they end before the server does");

    let server = Server::start(&repository).await;
    agent.completes(&server, "implement", 2).await;
    agent.left_its_work(&server).await;
    server.api.logged(&agent.adw_id, "it was stopped in the middle of its work").await;
}

#[tokio::test]
async fn a_task_that_is_done_without_a_server_leaves_the_agents_of_others_at_work() {
    let repository = with_agent(&scripts::works_in_two_halves());
    let server = Server::start(&repository).await;
    let agent = AtWork::agent(&server).await;
    server.terminate().await;
    let folder = repository.path();
    let said = tokio::task::spawn_blocking(move || adw(&folder, &["run", "Something else"])).await.unwrap();
    assert!(said.contains("completed after"), "{said}");
    agent.goes_on();
    let server = Server::start(&repository).await;
    agent.go();
    agent.completes(&server, "implement", 1).await;
}

#[tokio::test]
async fn a_cancel_ends_an_agent_that_was_adopted_with_all_its_descendants() {
    for script in [scripts::works_in_two_halves(), scripts::deaf_sleeper()] {
        let repository = with_agent(&script);
        let server = Server::start(&repository).await;
        let agent = AtWork::agent(&server).await;
        server.kill().await;
        let server = Server::start(&repository).await;
        server.api.logged(&agent.adw_id, "still at work, and goes on").await;
        assert_eq!(server.api.cancel(&agent.adw_id).await.status, 204);
        agent.is_over().await;
        let (workflow, _) = history::check(&server.api, &agent.adw_id).await;
        assert_eq!(workflow["status"], "cancelled");
    }
}

#[tokio::test]
async fn a_cancel_ends_an_agent_whose_workflow_has_no_place_yet() {
    let repository = with_agent(&scripts::sleeper());
    let server = Server::start(&repository).await;
    let first = AtWork::agent(&server).await;
    for sign in ["pid", "child"] {
        std::fs::remove_file(repository.beside(sign)).unwrap();
    }
    let second = AtWork::agent(&server).await;
    server.kill().await;

    let server =
        Server::start_with(&repository, |command| command.env("ADW_LIMITS_CONCURRENT_WORKFLOWS", "1")).await;
    server.api.logged(&first.adw_id, "still at work, and goes on").await;
    second.goes_on();
    assert_eq!(server.api.cancel(&second.adw_id).await.status, 204);
    second.is_over().await;
    first.goes_on();
}

#[tokio::test]
async fn a_command_goes_on_too() {
    let repository = Repository::of(&[]);
    let command = repository.script("command", &scripts::works_in_two_halves());
    let adw_toml = format!(
        r#"
[stages.test]
plugin = "builtin:test"
config = {{ command = ["{command}"], trust_exit_code = true }}
[stages.test.grants]
workspace = "read"
exec = [["{command}"]]
[pipelines.default]
stages = ["test"]
"#
    );
    repository.write("adw.toml", &adw_toml);
    let server = Server::start(&repository).await;
    let command = AtWork::begin(&server, &json!({ "title": "Test" })).await;
    server.kill().await;
    command.goes_on();
    let server = Server::start(&repository).await;
    server.api.logged(&command.adw_id, "still at work, and goes on").await;
    command.go();
    command.completes(&server, "test", 1).await;
}

#[tokio::test]
async fn an_agent_that_is_adopted_is_stopped_when_the_time_that_it_was_given_is_up() {
    let repository = with_agent(&scripts::sleeper());
    let settings = std::fs::read_to_string(repository.path().join("adw.toml")).unwrap();
    repository.write(
        "adw.toml",
        &settings.replace("profile = \"command\"", "profile = \"command\"\ntimeout = \"4s\""),
    );
    let server = Server::start(&repository).await;
    let agent = AtWork::agent(&server).await;
    server.kill().await;
    // It is up while nobody watches.
    agent.is_over().await;
    agent.ends_unseen().await;
    let server = Server::start(&repository).await;
    let failed = server.api.ends_as(&agent.adw_id, "failed").await;
    let message = failed["error_message"].as_str().unwrap();
    assert!(message.contains("was stopped after the 4 s that it was given"), "{message}");
}
