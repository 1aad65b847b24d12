//! Effects that answer as a test says, and what tests are run with.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use adw_core::Limits;
use adw_host::{Answer, Call, CallError, Context, Effects, Host, HostConfig, Ran, Reason, Run, Stop, Task};
use async_trait::async_trait;
use serde_json::json;
use tempfile::TempDir;

/// Answers calls in order, and notes them.
#[derive(Default)]
pub(crate) struct Scripted {
    answers: Mutex<VecDeque<Result<Answer, Stop>>>,
    made: Mutex<Vec<(u32, Call)>>,
}

impl Scripted {
    pub(crate) fn new(answers: impl IntoIterator<Item = Result<Answer, Stop>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), made: Mutex::default() })
    }

    /// The calls that were carried out.
    pub(crate) fn made(&self) -> Vec<(u32, Call)> {
        self.made.lock().unwrap().clone()
    }
}

#[async_trait]
impl Effects for Scripted {
    async fn admit(&self, _call: &Call) -> Result<(), CallError> {
        Ok(())
    }

    async fn perform(&self, n: u32, call: Call) -> Result<Answer, Stop> {
        let log = matches!(call, Call::Log(_));
        self.made.lock().unwrap().push((n, call));
        match self.answers.lock().unwrap().pop_front() {
            Some(answer) => answer,
            None if log => Ok(Ok(adw_host::Reply::Log)),
            None => Err(Stop::Failed("the script has no answer left".to_owned())),
        }
    }
}

/// A host with a cache of its own.
pub(crate) struct Fixture {
    pub(crate) host: Host,
    pub(crate) cache: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(set_up: impl FnOnce(&mut HostConfig)) -> Self {
        let cache = TempDir::new().unwrap();
        let host = host_at(&cache, set_up);
        Self { host, cache }
    }

    /// Loads a guest and makes one attempt.
    pub(crate) async fn run(&self, plugin: Vec<u8>, effects: Arc<dyn Effects>) -> Ran {
        let plugin = self.host.load(plugin).await.unwrap();
        self.host.run(&plugin, attempt(effects)).await
    }

    /// The same, with limits.
    pub(crate) async fn run_within(&self, plugin: Vec<u8>, limits: Limits) -> Ran {
        let plugin = self.host.load(plugin).await.unwrap();
        self.host.run(&plugin, Run { limits, ..attempt(Scripted::new([])) }).await
    }
}

pub(crate) fn host_at(cache: &TempDir, set_up: impl FnOnce(&mut HostConfig)) -> Host {
    let mut config = HostConfig::new(cache.path());
    config.slots = 8;
    set_up(&mut config);
    Host::new(config).unwrap()
}

pub(crate) fn attempt(effects: Arc<dyn Effects>) -> Run {
    let task = Task {
        adw_id: "adw_bug_1".to_owned(),
        title: "A bug".to_owned(),
        description: String::new(),
        task_type: "bug".to_owned(),
        priority: "medium".to_owned(),
    };
    let context = Context {
        task,
        stage: "test".to_owned(),
        reason: Reason::First,
        config: json!({}),
        earlier: Vec::new(),
        extra: BTreeMap::new(),
    };
    Run { context, limits: Limits::default(), effects }
}
