//! Work that lies in repositories within the worktree isn't lost with it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_core::Status;
use adw_engine::{LogQuery, Programs};
use support::{Bench, git, repository, script, task};

/// A bench with an agent that does this.
async fn with_agent(does: &str) -> (Bench, tempfile::TempDir) {
    let tools = tempfile::tempdir().unwrap();
    let agent = script(tools.path(), "agent", &format!("cat >/dev/null\n{does}\n"));
    let config = format!(
        "[agents.mine]\nprofile = \"command\"\ncommand = [{:?}]\n\
         [stages.implement]\nplugin = \"builtin:implement\"\nagent = \"mine\"\n\
         [stages.implement.grants]\nworkspace = \"write\"\nagent = [\"*\"]\n\
         [pipelines.default]\nstages = [\"implement\"]\n",
        agent.display().to_string()
    );
    (Bench::in_folder(repository(&[("a.txt", "a\n")]), &config).await, tools)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_a_repository_that_an_agent_made_are_on_the_branch() {
    let (bench, _tools) = with_agent("git init -q app; echo precious >app/main.rb").await;
    let adw_id = bench.create(task("an app")).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    bench.engine.shutdown(Programs::GoOn).await;
    assert_eq!(git(bench.path(), &["show", &format!("{}:app/main.rb", workflow.branch())]), "precious\n");
    assert!(!bench.path().join(".adw/trees").join(adw_id.as_str()).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worktree_stays_for_commits_of_a_repository_in_it_and_the_log_says_so() {
    let does = "git init -q app; cd app; echo precious >main.rb; git add .; \
                git -c user.name=A -c user.email=a@example.org commit -qm app";
    let (bench, _tools) = with_agent(does).await;
    let adw_id = bench.create(task("an app")).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    let query = LogQuery { stage: None, attempt: None, offset: 0, limit: 1000 };
    let log = bench.engine.logs(&adw_id, query).await.unwrap();
    bench.engine.shutdown(Programs::GoOn).await;
    assert_eq!(git(bench.path(), &["show", &format!("{}:app/main.rb", workflow.branch())]), "precious\n");
    let app = bench.path().join(".adw/trees").join(adw_id.as_str()).join("app");
    assert_eq!(git(&app, &["log", "--format=%s"]), "app\n");
    let said = "the repository app within the worktree holds commits that no other repository has";
    assert!(log.lines.iter().any(|line| line.message.contains(said)), "{log:#?}");
}
