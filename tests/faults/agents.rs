//! An agent whose disk is full just as it ends.

use adw_agents::supervisor::State;
use serde_json::json;

use crate::{
    full_disk::DISK,
    seen::LogSince,
    support::{
        PATIENCE, history,
        polling::{self, wait_for},
        repository::Repository,
        samples::with_agent,
        server::Server,
        small_disk::SmallDisk,
    },
};

/// Does its work; and once the file `go` is there, it says more than a full disk has room for, and ends.
const TALKS: &str = r#"
here=$(dirname "$0")
cat > /dev/null
echo run >> "$here/ledger"
echo work > work.txt
echo $$ > "$here/pid.new"; mv "$here/pid.new" "$here/pid"
until [ -e "$here/go" ]; do sleep 0.05; done
for stream in 1 2; do head -c 300000 /dev/zero | tr '\0' 'x' >&$stream; done
echo
echo 'that is all'
"#;

/// An agent that has ended on a full disk.
struct Ended<'a> {
    repository: &'a Repository,
    server: Server<'a>,
    adw_id: String,
}

impl<'a> Ended<'a> {
    async fn on(disk: &SmallDisk, repository: &'a Repository) -> Self {
        let server = Server::start(repository).await;
        let adw_id = server.api.create(&json!({ "title": "Talks", "pipeline": "agent" })).await;
        polling::process(&repository.beside("pid")).await;
        disk.fill(0);
        std::fs::write(repository.beside("go"), "").unwrap();
        let has_ended = || repository.runs().iter().any(|run| run.state == State::Ended).then_some(());
        wait_for("the end of the agent", PATIENCE, has_ended).await;
        Self { repository, server, adw_id }
    }

    /// It is paid for once, its work is there, and what was cut is told.
    async fn was_not_in_vain(self) {
        let Self { repository, server, adw_id } = self;
        server.api.ends_as(&adw_id, "completed").await;
        let (workflow, history) = history::check(&server.api, &adw_id).await;
        history::every_stage_completed_once(&workflow, &history);
        assert_eq!(workflow["stage_runs"][1]["attempt"], json!(1), "{workflow:#}");
        assert_eq!(std::fs::read_to_string(repository.beside("ledger")).unwrap(), "run\n");
        assert_eq!(repository.read(workflow["branch"].as_str().unwrap(), "work.txt"), "work\n");
        let line = server.api.logged(&adw_id, "is cut in its answer").await;
        assert!(line.contains("No space left"), "{line}");
    }
}

#[tokio::test]
async fn an_agent_that_ends_on_a_full_disk_is_waited_for_and_not_asked_again() {
    let repository = with_agent(TALKS);
    let Some(disk) = SmallDisk::mount(&repository.path().join(".adw"), DISK) else { return };
    let log = LogSince::now(&repository);
    let ended = Ended::on(&disk, &repository).await;
    log.tells(&["the journal can't be written; trying again"]).await;
    assert_eq!(ended.server.api.workflow(&ended.adw_id).await["status"], "running");
    disk.free();
    ended.was_not_in_vain().await;
}

#[tokio::test]
async fn an_agent_that_ended_on_a_full_disk_is_not_asked_again_by_the_next_server() {
    let repository = with_agent(TALKS);
    let Some(disk) = SmallDisk::mount(&repository.path().join(".adw"), DISK) else { return };
    let Ended { server, adw_id, .. } = Ended::on(&disk, &repository).await;
    server.kill().await;
    disk.free();
    let server = Server::start(&repository).await;
    Ended { repository: &repository, server, adw_id }.was_not_in_vain().await;
}
