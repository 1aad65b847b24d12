//! A real engine on a fresh folder, which goes when the test ends. Shared with the tests inside the crate.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use adw_agents::supervisor::Supervisor;
use adw_config::{Config, Env};
use adw_core::{AdwId, Priority, Status, TaskType, Workflow};
use adw_engine::{Engine, Live, NewTask, Options, Route};
use adw_store::sqlite::{self, SqliteStore};
use tempfile::TempDir;

/// Three stages that do nothing, one that goes on until it is ended, one that fails, one that asks a person.
pub(crate) const ADW_TOML: &str = r#"
[server]
cors_origins = ["http://localhost:5173"]
allowed_hosts = ["adw.internal"]
[projects.demo]
repo = "."
[stages.plan]
plugin = "builtin:noop"
[stages.implement]
plugin = "builtin:noop"
[stages.ship]
plugin = "builtin:noop"
[stages.hold]
plugin = "builtin:test"
[stages.hold.config]
command = "sleep 600"
[stages.hold.grants]
workspace = "read"
exec = [["sleep", "**"]]
[stages.fail]
plugin = "builtin:test"
[stages.fail.config]
command = "false"
[stages.fail.grants]
workspace = "read"
exec = [["false"]]
[stages.approve]
plugin = "builtin:gate"
[pipelines.default]
stages = ["plan", "implement", "ship"]
"#;

/// How long anything may take on a machine that does other things too.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// An engine, and the folder that it works in.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    data: PathBuf,
    folder: TempDir,
}

impl Drop for Bench {
    /// Programs outlive the engine, and are not to outlive the test.
    fn drop(&mut self) {
        let data = self.data.display().to_string();
        let sweep = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.map(|runtime| runtime.block_on(adw_agents::sweep_all(&data)))
        });
        let _ = sweep.join();
    }
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = start(folder.path()).await;
        Self { engine, data: folder.path().canonicalize().unwrap().join(".adw"), folder }
    }

    /// From now on adw.toml says this, to whoever reads it anew.
    #[allow(dead_code, reason = "the tests inside the crate have no use for it")]
    pub(crate) fn says(&self, adw_toml: &str) {
        std::fs::write(self.folder.path().join("adw.toml"), adw_toml).unwrap();
    }

    /// From now on there is no adw.toml.
    #[allow(dead_code, reason = "the tests inside the crate have no use for it")]
    pub(crate) fn loses_adw_toml(&self) {
        std::fs::remove_file(self.folder.path().join("adw.toml")).unwrap();
    }

    /// A workflow that has gone its way, by its id.
    pub(crate) async fn completed(&self) -> String {
        let task = NewTask {
            adw_id: None,
            title: "Gone its way".to_owned(),
            description: None,
            task_type: TaskType::Bug,
            task_type_as_sent: "bug".to_owned(),
            priority: Priority::Medium,
            project: None,
            route: Route::default(),
            patch: None,
            agent: None,
        };
        let adw_id = self.engine.create(task).await.unwrap().stored.workflow.adw_id.to_string();
        self.until(&adw_id, |workflow| workflow.status == Status::Completed).await;
        adw_id
    }

    /// Waits until the workflow is as wanted, hearing of its changes as they come.
    pub(crate) async fn until(&self, adw_id: &str, wanted: impl Fn(&Workflow) -> bool) -> Workflow {
        let adw_id: AdwId = adw_id.parse().unwrap();
        let waiting = async {
            let mut heard = self.engine.subscribe(&adw_id);
            if let Some(now) =
                self.engine.workflow(&adw_id).await.unwrap().filter(|now| wanted(&now.workflow))
            {
                return now.workflow;
            }
            loop {
                match heard.next().await {
                    Ok(Live::Event(event)) if wanted(&event.after) => return event.after.as_ref().clone(),
                    Ok(_) => {}
                    Err(missed) => panic!("{missed}"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the workflow comes to be as wanted")
    }
}

async fn start(folder: &Path) -> Engine {
    let file = folder.join("adw.toml");
    std::fs::write(&file, ADW_TOML).unwrap();
    let read = move || Config::load(&file, &Env::empty());
    let config = read().unwrap();
    let data = config.data_dir();
    std::fs::create_dir_all(&data).unwrap();
    // Compiling the plugins takes longer than everything else: what one test compiled, all of them use.
    if let Some(shared) = option_env!("CARGO_TARGET_TMPDIR") {
        let compiled = Path::new(shared).join("compiled-plugins");
        std::fs::create_dir_all(&compiled).unwrap();
        std::os::unix::fs::symlink(compiled, data.join("compiled")).unwrap();
    }
    let store = SqliteStore::open(sqlite::Options::new(data.join("adw.db"))).await.unwrap();
    let options =
        Options { reread: Arc::new(read), ..Options::new(config, data, Arc::new(store), supervisor()) };
    Engine::start(options).await.unwrap()
}

/// Tests inside the crate have none, and run no programs.
fn supervisor() -> Supervisor {
    Supervisor::new(option_env!("CARGO_BIN_EXE_adw-server-tests-supervisor").unwrap_or_default(), [""; 0])
}
