//! A store that has trouble for a while: nothing that was done is lost, and everything goes on by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use adw_config::{Config, Env};
use adw_core::{AdwId, PipelineHash, Recorded, StageName, Status, fold};
use adw_engine::{Engine, Options};
use adw_store::{
    Append, Artifact, Artifacts, AttemptKey, Filter, Journal, JournalRecord, NewWorkflow, Page, Pagination,
    ReadWorkflows, RowId, StageValues, Store, StoreError, Stored, ValuesKept, WriteWorkflows,
    sqlite::SqliteStore,
};
use async_trait::async_trait;
use support::{Bench, repository, script, task};

/// A store that refuses some writes, as a full disk would.
struct Troubled {
    inner: SqliteStore,
    appends: AtomicU32,
    journals: AtomicU32,
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
        Self::refuse(&self.appends)?;
        self.inner.append(append).await
    }
}

#[async_trait]
impl Journal for Troubled {
    async fn append_journal(&self, key: &AttemptKey, records: Vec<JournalRecord>) -> Result<(), StoreError> {
        Self::refuse(&self.journals)?;
        self.inner.append_journal(key, records).await
    }
    async fn journal(&self, key: &AttemptKey) -> Result<Vec<JournalRecord>, StoreError> {
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
async fn troubled(folder: tempfile::TempDir, appends: u32, journals: u32) -> Bench {
    let config = Config::load(&folder.path().join("adw.toml"), &Env::empty()).unwrap();
    let data = config.data_dir();
    std::fs::create_dir_all(&data).unwrap();
    let inner = SqliteStore::open(adw_store::sqlite::Options::new(data.join("adw.db"))).await.unwrap();
    let store: Arc<dyn Store> =
        Arc::new(Troubled { inner, appends: AtomicU32::new(appends), journals: AtomicU32::new(journals) });
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
    let bench = troubled(folder, 2, 3).await;
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
    let first = troubled(folder, 0, 0).await;
    let adw_id = first.create(task("work")).await;
    first.until(&adw_id, |workflow| workflow.running_stage().is_some()).await;
    std::fs::write(&go, "").unwrap();
    // The store goes first, so that the stop can't be written down: the next start finds the attempt under way.
    first.store.close().await;
    first.engine.shutdown().await;
    let Bench { folder, engine, store } = first;
    drop((engine, store));
    let second = troubled(folder, 2, 0).await;
    let workflow = second.ends_as(&adw_id, Status::Completed).await;
    assert_eq!((workflow.stages[0].attempt, workflow.stages[0].failures), (1, 0));
}
