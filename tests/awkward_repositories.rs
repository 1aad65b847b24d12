//! Repositories as people have them: a task in each ends with its branch, or says why not and what to do; and nothing
//! of the person's is changed.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod awkward;
mod support;

use std::{
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use awkward::kind::{End, Kind, commit, git, plain, write};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use support::{
    PATIENCE, belongings::Belongings, feed::Feed, polling, repository::Repository, samples::with_agent,
    scripts, server::Server,
};

/// The stages as `adw init` writes them; the tests pass where git finds nothing changed in the worktree.
const STAGES: &str = r#"
[stages.plan]
plugin = "builtin:plan"
[stages.plan.retry]
attempts = 1
[stages.plan.grants]
workspace = "write"
agent = ["*"]
[stages.implement]
plugin = "builtin:implement"
[stages.implement.grants]
workspace = "write"
agent = ["*"]
[stages.test]
plugin = "builtin:test"
[stages.test.config]
command = "git diff --quiet HEAD"
trust_exit_code = true
[stages.test.grants]
workspace = "read"
exec = [["git", "diff", "**"]]
[pipelines.default]
stages = ["plan", "implement", "test"]
"#;

/// How many kinds are worked on at once.
const AT_ONCE: usize = 4;

#[tokio::test]
async fn a_task_ends_with_its_branch_or_says_why_not_and_nothing_of_the_persons_is_changed() {
    let home = Repository::configured(STAGES);
    let places: Vec<_> = awkward::kinds().map(|kind| (kind, make(&home, kind))).collect();
    for (kind, repo) in &places {
        let base = kind.base.map(|base| format!("base = {base:?}\n")).unwrap_or_default();
        home.configure(&format!("[projects.{}]\nrepo = {}\n{base}", kind.name, json!(repo)));
    }
    let server = Server::start(&home).await;
    let wrong: Vec<_> = stream::iter(&places)
        .map(|(kind, repo)| work(&server, kind, repo))
        .buffer_unordered(AT_ONCE)
        .filter_map(|wrong| async { wrong })
        .collect()
        .await;
    assert!(wrong.is_empty(), "{} of {}:\n\n{}", wrong.len(), places.len(), wrong.join("\n\n"));
}

fn make(home: &Repository, kind: &Kind) -> PathBuf {
    let place = home.beside("kinds").join(kind.name);
    std::fs::create_dir_all(&place).unwrap();
    (kind.make)(&place)
}

/// Has a task done in a repository, and answers with what is wrong about its end.
async fn work(server: &Server<'_>, kind: &Kind, repo: &Path) -> Option<String> {
    let before = photograph(repo);
    let task =
        json!({ "title": "Say hello", "adw_id": kind.name, "project": kind.name, "patch": kind.diff() });
    server.api.create(&task).await;
    Feed::open(&server.api, kind.name, Some(0)).await.until_end().await;
    let workflow = server.api.workflow(kind.name).await;
    let mut wrong = match (kind.end, workflow["status"].as_str()) {
        (End::Changed | End::Made, Some("completed")) => is_done(server, kind, repo).await,
        (End::Failed, Some("failed")) => {
            says_why(kind, &workflow, repo);
            Vec::new()
        }
        (_, status) => vec![format!("it ended as {status:?}: {}", workflow["error_message"])],
    };
    if let (Some(before), Some(after)) = (&before, photograph(repo)) {
        wrong.extend(before.differing(&after));
    }
    (!wrong.is_empty()).then(|| format!("{}: {}", kind.name, wrong.join("\n")))
}

fn photograph(repo: &Path) -> Option<Belongings> {
    repo.is_dir().then(|| Belongings::of(repo))
}

/// The branch has what the diff does, and the specification, and no more; its worktree is put away.
async fn is_done(server: &Server<'_>, kind: &Kind, repo: &Path) -> Vec<String> {
    let worktree = server.repository().path().join(".adw/trees").join(kind.name);
    polling::wait_for("the worktree's end", PATIENCE, || (!worktree.exists()).then_some(())).await;
    let diff = server.api.of(kind.name, "/diff").await;
    let changed: Vec<_> =
        diff.text.lines().filter_map(|line| line.strip_prefix("diff --git a/")?.split(' ').next()).collect();
    let (specifications, others): (Vec<_>, Vec<_>) =
        changed.into_iter().partition(|name| name.starts_with("specs/"));
    let mut wrong = Vec::new();
    if others != kind.files() || specifications.len() > 1 {
        wrong.push(format!("the diff is about {others:?} and {specifications:?}:\n{}", diff.text));
    }
    // What has no git of its own has its branch in the runtime's folder.
    let branch = format!("adw-task/{}", kind.name);
    if !kind.name.starts_with("no-git") && kind.name != "empty-folder" {
        let on_branch = git(repo, &["show", &format!("{branch}:hello.txt")]);
        if !on_branch.eq_ignore_ascii_case("hello\n") {
            wrong.push(format!("{branch} has another hello.txt: {on_branch:?}"));
        }
    }
    wrong
}

/// What failed is told in words that don't depend on the place, nor on the version of git.
fn says_why(kind: &Kind, workflow: &Value, repo: &Path) {
    let why = workflow["error_message"].as_str().unwrap_or_default();
    let why = without_gits_words(&why.replace(&repo.display().to_string(), "REPO"));
    insta::with_settings!({ snapshot_path => "awkward/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(kind.name, why);
    });
}

/// Of what git said, that it said something; what to do then follows in a line of its own.
fn without_gits_words(why: &str) -> String {
    let marks = ["failed (exit status: 128): ", "does not open the repository at REPO: "];
    let Some((start, mark, rest)) =
        marks.iter().find_map(|mark| why.split_once(mark).map(|(start, rest)| (start, mark, rest)))
    else {
        return why.to_owned();
    };
    let remedy =
        rest.rsplit_once('\n').map(|(_, last)| last).filter(|last| last.starts_with(char::is_uppercase));
    let words = if rest.trim().is_empty() { "nothing" } else { "(git's words)" };
    format!("{start}{mark}{words}\n{}", remedy.unwrap_or_default())
}

/// A server of one project, as `Kind`s have them.
fn home_of(kind: &Kind) -> (Repository, PathBuf) {
    let home = Repository::configured(STAGES);
    let repo = make(&home, kind);
    home.configure(&format!("[projects.{}]\nrepo = {}\n", kind.name, json!(repo)));
    (home, repo)
}

/// What git would take for an order, in the environment of whoever starts the server: a hook does, for one.
#[tokio::test]
async fn a_server_that_was_started_by_a_hook_works_on_the_repository_of_adw_toml() {
    let kind = Kind::changed("started-by-a-hook", plain);
    let (home, repo) = home_of(&kind);
    let decoy = plain(&home.beside("decoy"));
    let before = Belongings::of(&decoy);
    let astray = |name: &str| decoy.join(name).display().to_string();
    let server = Server::start_with(&home, |command| {
        command
            .env("GIT_DIR", astray(".git"))
            .env("GIT_COMMON_DIR", astray(".git"))
            .env("GIT_WORK_TREE", astray(""))
            .env("GIT_INDEX_FILE", astray(".git/index"))
            .env("GIT_OBJECT_DIRECTORY", astray(".git/objects"))
            .env("GIT_NAMESPACE", "astray")
            .env("GIT_PREFIX", "astray/")
            .env("GIT_AUTHOR_NAME", "Somebody Else")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_CONFIG_PARAMETERS", "'core.bare'='true'")
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "core.worktree")
            .env("GIT_CONFIG_VALUE_0", astray(""))
    })
    .await;
    let wrong = work(&server, &kind, &repo).await;
    assert_eq!(wrong, None);
    before.are_untouched(&Belongings::of(&decoy));
    assert_eq!(git(&repo, &["log", "-1", "--format=%an", "adw-task/started-by-a-hook"]), "P\n");
}

/// Only root can give files away.
#[tokio::test]
async fn a_repository_that_belongs_to_somebody_else_is_not_opened_and_git_says_how_it_would_be() {
    let kind = Kind::failed("somebody-elses", plain);
    let (home, repo) = home_of(&kind);
    if !is_root() {
        return;
    }
    give(&repo, NOBODY);
    let server = Server::start(&home).await;
    assert_eq!(work(&server, &kind, &repo).await, None);
}

#[tokio::test]
async fn a_repository_that_can_not_be_written_to_says_who_must_be_able_to() {
    let kind = Kind::failed("read-only", plain);
    let (home, repo) = home_of(&kind);
    if is_root() {
        // Who may write everywhere, so the server is somebody else.
        give(home.path().parent().unwrap(), NOBODY);
    }
    let heads = repo.join(".git/refs/heads");
    std::fs::set_permissions(&heads, std::fs::Permissions::from_mode(0o555)).unwrap();
    let server = Server::start_with(
        &home,
        |command| if is_root() { command.uid(NOBODY).gid(NOBODY) } else { command },
    )
    .await;
    assert_eq!(work(&server, &kind, &repo).await, None);
}

const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// Gives a folder and all in it to a user.
fn give(folder: &Path, user: u32) {
    let mut command = std::process::Command::new("chown");
    let status = command.args(["-R", &format!("{user}:{user}")]).arg(folder).status().unwrap();
    assert!(status.success());
}

/// After the first stage has ended and before the next, and while an agent works in it.
#[tokio::test]
async fn a_worktree_that_was_removed_by_hand_is_made_again_from_what_was_kept() {
    let repository = with_agent(&scripts::fails_until_mended());
    let first = repository.script("first", "cat > /dev/null\necho one > first.txt\n");
    repository.configure(&format!(
        "[agents.first]\nprofile = \"command\"\ncommand = [{first:?}]\n\
         [stages.begin]\nplugin = \"builtin:implement\"\nagent = \"first\"\n\
         [stages.begin.grants]\nworkspace = \"write\"\nagent = [\"first\"]\n\
         [pipelines.two]\nstages = [\"begin\", \"implement\"]\n\
         [projects.default]\nrepo = \".\"\nbase = \"base\"\n"
    ));
    repository.configure("[stages.implement.retry]\nattempts = 1\n");
    let before = repository.belongings();
    repository.git(&["branch", "base"]);
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&json!({ "title": "Two steps", "pipeline": "two" })).await;
    server.api.ends_as(&adw_id, "failed").await;
    std::fs::remove_dir_all(repository.path().join(".adw/trees").join(&adw_id)).unwrap();
    // Nor is the base needed any more.
    repository.git(&["branch", "-D", "base"]);
    std::fs::write(repository.beside("mended"), "").unwrap();
    is_retried(&server, &adw_id).await;
    assert_eq!(repository.read(&format!("adw-task/{adw_id}"), "first.txt"), "one\n");
    assert_eq!(repository.read(&format!("adw-task/{adw_id}"), "work.txt"), "done\n");
    let diff = server.api.of(&adw_id, "/diff").await;
    assert!(diff.text.contains("b/first.txt") && diff.text.contains("b/work.txt"), "{}", diff.text);
    before.are_untouched(&repository.belongings());
}

async fn is_retried(server: &Server<'_>, adw_id: &str) {
    let retried = server.api.retry(adw_id).await.with(202);
    Feed::open(&server.api, adw_id, retried["seq"].as_u64()).await.until_end().await;
    let workflow = server.api.workflow(adw_id).await;
    assert_eq!(workflow["status"], "completed", "{workflow:#}");
}

#[tokio::test]
async fn a_worktree_that_is_removed_under_an_agent_fails_the_stage_with_a_word_and_a_retry_does_it_again() {
    let repository = with_agent(&scripts::patient());
    repository.configure("[stages.implement.retry]\nattempts = 1\n");
    let server = Server::start(&repository).await;
    let adw_id = server.api.create(&json!({ "title": "Work", "pipeline": "agent" })).await;
    polling::process(&repository.beside("pid")).await;
    std::fs::remove_dir_all(repository.path().join(".adw/trees").join(&adw_id)).unwrap();
    std::fs::write(repository.beside("go"), "").unwrap();
    let workflow = server.api.ends_as(&adw_id, "failed").await;
    let why = workflow["error_message"].as_str().unwrap();
    assert!(why.contains("cannot create work.txt") || why.contains("is gone"), "{why}");
    is_retried(&server, &adw_id).await;
    assert_eq!(repository.read(&format!("adw-task/{adw_id}"), "work.txt"), "done\n");
}

#[tokio::test]
async fn five_thousand_files_are_worked_on_in_seconds() {
    // Some ten seconds on a machine with nothing else to do.
    many_files(5_000, Duration::from_mins(1)).await;
}

#[tokio::test]
#[ignore = "takes a minute: `cargo xtask test awkward` runs it"]
async fn fifty_thousand_files_are_worked_on_in_a_minute() {
    many_files(50_000, Duration::from_mins(2)).await;
}

async fn many_files(count: usize, limit: Duration) {
    let kind = Kind::changed("many-files-in-it", plain);
    let (home, repo) = home_of(&kind);
    for number in 0..count {
        let (folder, file) = (number / 100, number % 100);
        let name = format!("part-{}/folder-{folder}/file-{file}.txt", folder % 20);
        write(&repo, name, format!("file {number}\n").repeat(5));
    }
    commit(&repo, "many");
    // As a repository of that age is.
    git(&repo, &["gc", "-q"]);
    let server = Server::start(&home).await;
    let begun = Instant::now();
    assert_eq!(work(&server, &kind, &repo).await, None);
    let spent = begun.elapsed();
    for event in server.api.events(kind.name).await {
        anstream::eprintln!("{} {} {}", event["at"], event["type"], event["data"]["stage"]);
    }
    assert!(spent < limit, "{spent:?}");
}
