//! An engine over a store of its own, in a folder that goes when the test ends.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "shared by test programs; a test may panic"
)]

pub mod clock;
pub mod troubled;

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use adw_agents::supervisor::Supervisor;
use adw_config::{Config, Env};
use adw_core::{AdwId, Priority, Status, TaskType, Workflow};
use adw_engine::{Clock, Engine, Live, NewAnswer, NewTask, Options, Programs, Route};
use adw_store::{Store, sqlite::SqliteStore};
use adw_test_guests::ONLOOKER;
use tempfile::TempDir;

/// How long anything may take on a machine that does other things too.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A folder with an adw.toml, and the engine that runs on it.
pub struct Bench {
    // Goes before the folder does.
    pub leftovers: Leftovers,
    pub folder: TempDir,
    pub engine: Engine,
    pub store: Arc<dyn Store>,
}

/// The programs of a folder's engine: they outlive it, and end with the test at the latest.
pub struct Leftovers(Option<PathBuf>);

impl Leftovers {
    pub fn of(folder: &TempDir) -> Self {
        Self(Some(folder.path().canonicalize().unwrap().join(".adw")))
    }

    /// They are somebody else's from now on.
    fn let_go(mut self) {
        self.0 = None;
    }
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        let Some(data) = self.0.take() else { return };
        let data = data.display().to_string();
        let sweep = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.map(|runtime| runtime.block_on(adw_agents::sweep_all(&data)))
        });
        let _ = sweep.join();
    }
}

impl Bench {
    /// An engine on this configuration, in a fresh folder.
    pub async fn new(adw_toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::in_folder(folder, adw_toml).await
    }

    /// An engine on this configuration, in a folder that is there.
    pub async fn in_folder(folder: TempDir, adw_toml: &str) -> Self {
        std::fs::write(folder.path().join("adw.toml"), adw_toml).unwrap();
        Self::again(folder).await
    }

    /// An engine whose time is what this clock says, in a folder with an adw.toml.
    pub async fn on_clock(folder: TempDir, clock: Arc<dyn Clock>) -> Self {
        let (options, store) = options(folder.path()).await;
        let engine = Engine::start(Options { clock, ..options }).await.unwrap();
        Self { leftovers: Leftovers::of(&folder), folder, engine, store }
    }

    /// An engine on what another one left in this folder.
    pub async fn again(folder: TempDir) -> Self {
        let (options, store) = options(folder.path()).await;
        let engine = Engine::start(options).await.unwrap();
        Self { leftovers: Leftovers::of(&folder), folder, engine, store }
    }

    /// Stops the engine as SIGTERM would, and leaves its folder, and its programs at work.
    pub async fn stop(self) -> TempDir {
        self.stop_and(Programs::GoOn).await
    }

    /// Stops the engine, and leaves its folder.
    pub async fn stop_and(self, programs: Programs) -> TempDir {
        self.engine.shutdown(programs).await;
        drop((self.engine, self.store));
        self.leftovers.let_go();
        self.folder
    }

    /// Stops the engine as SIGTERM would, and starts another one on what it left.
    pub async fn restart(self) -> Self {
        Self::again(self.stop().await).await
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub async fn create(&self, task: NewTask) -> AdwId {
        self.engine.create(task).await.unwrap().stored.workflow.adw_id
    }

    pub async fn workflow(&self, adw_id: &AdwId) -> Workflow {
        self.engine.workflow(adw_id).await.unwrap().unwrap().workflow
    }

    /// Waits until the workflow is as wanted, hearing of its changes over the feed.
    pub async fn until(&self, adw_id: &AdwId, wanted: impl Fn(&Workflow) -> bool) -> Workflow {
        let waiting = async {
            let mut heard = self.engine.subscribe(adw_id);
            let now = self.workflow(adw_id).await;
            if wanted(&now) {
                return now;
            }
            loop {
                match heard.next().await {
                    Ok(Live::Event(event)) if wanted(&event.after) => return event.after.as_ref().clone(),
                    Ok(_) => {}
                    Err(missed) => panic!("{missed}"),
                }
            }
        };
        if let Ok(workflow) = tokio::time::timeout(PATIENCE, waiting).await {
            return workflow;
        }
        panic!("this did not come: {:#?}", self.workflow(adw_id).await)
    }

    /// Waits for the next question of a workflow, or for its end.
    pub async fn asks_or_ends(&self, adw_id: &AdwId) -> Workflow {
        self.until(adw_id, |workflow| workflow.question().is_some() || workflow.status.is_ended()).await
    }

    pub async fn answer(&self, adw_id: &AdwId, answer: &str) {
        let answer = NewAnswer { answer: answer.into(), note: None };
        self.engine.answer(adw_id, answer, None).await.unwrap();
    }

    pub async fn end(&self, adw_id: &AdwId) -> Workflow {
        self.until(adw_id, |workflow| workflow.status.is_ended()).await
    }

    pub async fn ends_as(&self, adw_id: &AdwId, status: Status) -> Workflow {
        let workflow = self.end(adw_id).await;
        assert_eq!(workflow.status, status, "{workflow:#?}");
        workflow
    }
}

/// What runs the programs of engines, as `adw supervise` does for a server.
pub fn supervisor() -> Supervisor {
    Supervisor::new(env!("CARGO_BIN_EXE_adw-engine-tests-supervisor"), [""; 0])
}

async fn options(folder: &Path) -> (Options, Arc<dyn Store>) {
    let file = folder.join("adw.toml");
    let read = move || Config::load(&file, &Env::empty());
    let config = read().unwrap_or_else(|errors| panic!("{errors}"));
    let data = config.data_dir();
    std::fs::create_dir_all(&data).unwrap();
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(adw_store::sqlite::Options::new(data.join("adw.db"))).await.unwrap());
    let options =
        Options { reread: Arc::new(read), ..Options::new(config, data, Arc::clone(&store), supervisor()) };
    (options, store)
}

/// Waits for a file that a script makes as its sign, or for one to go: of files there are no events, so this looks again
/// and again.
pub async fn until_there(file: &Path, there: bool) {
    let looking = async {
        while file.exists() != there {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("the file neither came nor went");
}

/// A task through the pipeline `default`.
pub fn task(title: &str) -> NewTask {
    NewTask {
        adw_id: None,
        title: title.to_owned(),
        description: None,
        task_type: TaskType::Bug,
        task_type_as_sent: "bug".to_owned(),
        priority: Priority::Medium,
        project: None,
        route: Route::default(),
        patch: None,
        agent: None,
    }
}

/// A repository with one commit of these files.
pub fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "-b", "main"]);
    for (path, content) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["-c", "user.name=P", "-c", "user.email=p@example.org", "commit", "-qm", "begin"]);
    folder
}

/// A stage that may change nothing and takes these steps; after it, the task is planned and what lies about committed.
pub fn onlooker(folder: &Path, steps: &str) {
    std::fs::write(folder.join("onlooker.wasm"), ONLOOKER).unwrap();
    let config = format!(
        "[stages.look]\npath = \"onlooker.wasm\"\nconfig = {{ steps = [{steps}] }}\n\
         [stages.look.grants]\nworkspace = \"read\"\nexec = [[\"sh\", \"**\"]]\n\
         [stages.plan]\nplugin = \"builtin:plan\"\n[stages.plan.grants]\nworkspace = \"write\"\nagent = []\n\
         [pipelines.default]\nstages = [\"look\", \"plan\"]\n"
    );
    std::fs::write(folder.join("adw.toml"), config).unwrap();
    git(folder, &["config", "core.excludesFile", "/dev/null"]);
}

pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// An executable script, beside the repository.
pub fn script(folder: &Path, name: &str, body: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{body}")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}
