//! A store that has trouble for a while: nothing that was done is lost, and everything goes on by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use adw_config::{Config, Env};
use adw_core::{AdwId, PipelineHash, Recorded, StageName, Status, fold};
use adw_engine::{Engine, Live, NewAnswer, Options};
use adw_store::{
    Append, Artifact, Artifacts, AttemptKey, Filter, Journal, JournalRecord, NewWorkflow, Page, Pagination,
    ReadWorkflows, RowId, StageValues, Store, StoreError, Stored, ValuesKept, WriteWorkflows,
    sqlite::SqliteStore,
};
use async_trait::async_trait;
use support::{Bench, PATIENCE, git, repository, script, task};

/// How many calls of a kind are refused, as a full or busy disk would.
#[derive(Default)]
struct Refusals {
    appends: AtomicU32,
    journals: AtomicU32,
    journal_reads: AtomicU32,
    values: AtomicU32,
}

/// A store that refuses some calls.
struct Troubled {
    inner: SqliteStore,
    refusals: Refusals,
}

impl Troubled {
    fn refuse(left: &AtomicU32) -> Result<(), StoreError> {
        let refused = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        refused.map_or(Ok(()), |_| Err(StoreError::Unavailable("the disk is full".to_owned())))
    }
}

#[async_trait]
impl ReadWorkflows for Troubled {
    async fn workflow(&self, adw_id: &AdwId) -> Result<Option<Stored>, StoreError> {
        self.inner.workflow(adw_id).await
    }
    async fn list(&self, filter: &Filter, pagination: &Pagination) -> Result<Page, StoreError> {
        self.inner.list(filter, pagination).await
    }
    async fn events(&self, adw_id: &AdwId, after: u64, limit: u32) -> Result<Vec<Recorded>, StoreError> {
        self.inner.events(adw_id, after, limit).await
    }
    async fn open_workflows(&self) -> Result<Vec<Stored>, StoreError> {
        self.inner.open_workflows().await
    }
    async fn pipeline(&self, hash: &PipelineHash) -> Result<Option<String>, StoreError> {
        self.inner.pipeline(hash).await
    }
}

#[async_trait]
impl WriteWorkflows for Troubled {
    async fn create(&self, new: NewWorkflow) -> Result<Stored, StoreError> {
        self.inner.create(new).await
    }
    async fn append(&self, append: Append) -> Result<(), StoreError> {
        Self::refuse(&self.refusals.appends)?;
        self.inner.append(append).await
    }
}

#[async_trait]
impl Journal for Troubled {
    async fn append_journal(&self, key: &AttemptKey, records: Vec<JournalRecord>) -> Result<(), StoreError> {
        Self::refuse(&self.refusals.journals)?;
        self.inner.append_journal(key, records).await
    }
    async fn journal_part(
        &self,
        key: &AttemptKey,
        after: u32,
        calls: u32,
    ) -> Result<Vec<JournalRecord>, StoreError> {
        self.inner.journal_part(key, after, calls).await
    }
    async fn journal(&self, key: &AttemptKey) -> Result<Vec<JournalRecord>, StoreError> {
        Self::refuse(&self.refusals.journal_reads)?;
        self.inner.journal(key).await
    }
}

#[async_trait]
impl StageValues for Troubled {
    async fn value(
        &self,
        workflow: RowId,
        stage: &StageName,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.value(workflow, stage, key).await
    }
    async fn set_value(
        &self,
        workflow: RowId,
        stage: &StageName,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), StoreError> {
        Self::refuse(&self.refusals.values)?;
        self.inner.set_value(workflow, stage, key, value).await
    }
    async fn values_kept(&self, workflow: RowId) -> Result<ValuesKept, StoreError> {
        self.inner.values_kept(workflow).await
    }
}

#[async_trait]
impl Artifacts for Troubled {
    async fn put_artifact(&self, workflow: RowId, artifact: Artifact) -> Result<(), StoreError> {
        self.inner.put_artifact(workflow, artifact).await
    }
    async fn artifacts(&self, workflow: RowId) -> Result<Vec<Artifact>, StoreError> {
        self.inner.artifacts(workflow).await
    }
}

#[async_trait]
impl Store for Troubled {
    fn epoch(&self) -> uuid::Uuid {
        self.inner.epoch()
    }
    async fn probe(&self) -> Result<(), StoreError> {
        self.inner.probe().await
    }
    async fn close(&self) {
        self.inner.close().await;
    }
}

/// An engine over such a store, in the folder of another bench whose engine has stopped.
async fn troubled(folder: tempfile::TempDir, refusals: Refusals) -> Bench {
    let config = Config::load(&folder.path().join("adw.toml"), &Env::empty()).unwrap();
    let data = config.data_dir();
    std::fs::create_dir_all(&data).unwrap();
    let inner = SqliteStore::open(adw_store::sqlite::Options::new(data.join("adw.db"))).await.unwrap();
    let store: Arc<dyn Store> = Arc::new(Troubled { inner, refusals });
    let engine = Engine::start(Options::new(config, data, Arc::clone(&store))).await.unwrap();
    Bench { folder, engine, store }
}

fn with_agent(folder: &tempfile::TempDir, tools: &tempfile::TempDir, body: &str) {
    let agent = script(tools.path(), "agent", body).display().to_string();
    let config = format!(
        "[agents.mine]\nprofile = \"command\"\ncommand = [{agent:?}]\n\
         [stages.implement]\nplugin = \"builtin:implement\"\n\
         [stages.implement.grants]\nworkspace = \"write\"\nagent = [\"*\"]\n\
         [pipelines.default]\nstages = [\"implement\"]\n"
    );
    std::fs::write(folder.path().join("adw.toml"), config).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_answer_outlives_a_disk_that_is_full_for_a_while() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), tempfile::tempdir().unwrap());
    let ledger = tools.path().join("ledger");
    with_agent(
        &folder,
        &tools,
        &format!("cat >/dev/null; echo run >> {}; echo b >> a.txt\n", ledger.display()),
    );
    let refusals =
        Refusals { appends: 2.into(), journals: 3.into(), values: 2.into(), ..Refusals::default() };
    let bench = troubled(folder, refusals).await;
    let adw_id = bench.create(task("work")).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!(workflow.stages[0].attempt, 1);
    assert_eq!(std::fs::read_to_string(&ledger).unwrap(), "run\n", "the agent was asked once");
    let events = bench.engine.events(&adw_id, 0, 100).await.unwrap();
    assert_eq!(fold(&events).unwrap().unwrap(), workflow);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_full_disk_takes_everything_up_once_there_is_space() {
    let (folder, tools) = (repository(&[("a.txt", "a\n")]), tempfile::tempdir().unwrap());
    let go = tools.path().join("go");
    with_agent(
        &folder,
        &tools,
        &format!("cat >/dev/null; [ -e {} ] || sleep 600; echo b >> a.txt\n", go.display()),
    );
    let first = troubled(folder, Refusals::default()).await;
    let adw_id = first.create(task("work")).await;
    first.until(&adw_id, |workflow| workflow.running_stage().is_some()).await;
    std::fs::write(&go, "").unwrap();
    // The store goes first, so that the stop can't be written down: the next start finds the attempt under way.
    first.store.close().await;
    first.engine.shutdown().await;
    let Bench { folder, engine, store } = first;
    drop((engine, store));
    let second = troubled(folder, Refusals { appends: 2.into(), ..Refusals::default() }).await;
    let workflow = second.ends_as(&adw_id, Status::Completed).await;
    assert_eq!((workflow.stages[0].attempt, workflow.stages[0].failures), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_of_a_person_goes_on_once_its_journal_can_be_read() {
    let folder = repository(&[("a.txt", "a\n")]);
    let gate = "[stages.approve]\nplugin = \"builtin:gate\"\n[pipelines.default]\nstages = [\"approve\"]\n";
    std::fs::write(folder.path().join("adw.toml"), gate).unwrap();
    let bench = troubled(folder, Refusals { journal_reads: 3.into(), ..Refusals::default() }).await;
    let adw_id = bench.create(task("ask")).await;
    bench.until(&adw_id, |workflow| workflow.question().is_some()).await;
    let answer = NewAnswer { answer: "approve".into(), note: None };
    bench.engine.answer(&adw_id, answer, None).await.unwrap();
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!((workflow.stages[0].attempt, workflow.stages[0].failures), (1, 0));
}

/// git's filter that has no space while there is a file `full` in the folder of tools.
fn with_a_disk_that_fills_up(folder: &tempfile::TempDir, tools: &tempfile::TempDir) -> PathBuf {
    let full = tools.path().join("full");
    let refuse =
        format!("[ -e {} ] && {{ echo 'No space left on device' >&2; exit 1; }}; cat\n", full.display());
    let filter = script(tools.path(), "filter", &refuse).display().to_string();
    git(folder.path(), &["config", "filter.disk.clean", &filter]);
    git(folder.path(), &["config", "filter.disk.smudge", "cat"]);
    git(folder.path(), &["config", "filter.disk.required", "true"]);
    full
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_did_is_kept_once_git_has_space_again() {
    let folder = repository(&[("a.txt", "a\n"), (".gitattributes", "*.txt filter=disk\n")]);
    let tools = tempfile::tempdir().unwrap();
    let (full, ledger) = (with_a_disk_that_fills_up(&folder, &tools), tools.path().join("ledger"));
    let body = "cat >/dev/null; echo run >> LEDGER; echo b >> a.txt; touch FULL\n";
    let body =
        body.replace("LEDGER", &ledger.display().to_string()).replace("FULL", &full.display().to_string());
    with_agent(&folder, &tools, &body);
    let bench = troubled(folder, Refusals::default()).await;
    let mut new = task("work");
    new.adw_id = Some("fills_up".parse().unwrap());
    let mut heard = bench.engine.subscribe(new.adw_id.as_ref().unwrap());
    let adw_id = bench.create(new).await;
    let told = async {
        loop {
            if let Live::Log(line) = heard.next().await.unwrap()
                && line.message.starts_with("trying again, since git add failed")
            {
                return line.message.clone();
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await.expect("what is waited for is told");
    assert!(
        ["No space left on device", "Free some space there"].iter().all(|words| told.contains(words)),
        "{told}"
    );
    std::fs::remove_file(&full).unwrap();
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    assert_eq!((workflow.stages[0].attempt, workflow.stages[0].failures), (1, 0));
    assert_eq!(std::fs::read_to_string(&ledger).unwrap(), "run\n", "the agent was asked once");
    assert_eq!(git(bench.path(), &["show", &format!("{}:a.txt", workflow.branch())]), "a\nb\n");
}
