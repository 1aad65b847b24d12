//! The host alone: a plugin loaded from the cache, and an attempt that does nothing.

use std::{sync::Arc, time::Instant};

use adw_core::Limits;
use adw_host::{
    Answer, Call, CallError, Context, Effects, Host, HostConfig, Plugin, Reason, Run, Stop, Task,
};
use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use serde_json::json;

use crate::{
    figures::{Figures, Times, Unit, microseconds, milliseconds},
    options::Options,
};

/// How often a plugin is loaded.
const LOADS: usize = 30;
/// How often one is run, and how often before that is counted.
const RUNS: usize = 3_000;
const WARM_UP: usize = 300;

pub(crate) async fn measure(options: &Options, figures: &mut Figures) -> Result<()> {
    let cache = tempfile::tempdir_in(&options.scratch)?;
    let config = || HostConfig::new(cache.path());
    let bytes: Arc<[u8]> = adw_plugins_bundle::builtin("noop").context("there is no builtin:noop")?.into();

    let host = Host::new(config())?;
    let began = Instant::now();
    host.load(Arc::clone(&bytes)).await?;
    figures.add("plugins", "load, compiled anew", milliseconds(began.elapsed()), Unit::Milliseconds);

    let mut loads = Vec::with_capacity(LOADS);
    for _ in 0..LOADS {
        // A host of its own each time: one knows what it has loaded.
        let host = Host::new(config())?;
        let began = Instant::now();
        host.load(Arc::clone(&bytes)).await?;
        loads.push(began.elapsed());
    }
    let load = loads.into_iter().collect::<Times>().percentile(0.5);
    figures.add("plugins", "load, from the cache, p50", milliseconds(load), Unit::Milliseconds).aim(1.0);

    let plugin = host.load(bytes).await?;
    let mut runs = Vec::with_capacity(RUNS);
    for n in 0..WARM_UP + RUNS {
        let began = Instant::now();
        run(&host, &plugin).await?;
        if n >= WARM_UP {
            runs.push(began.elapsed());
        }
    }
    let mut runs: Times = runs.into_iter().collect();
    let median = microseconds(runs.percentile(0.5));
    figures.add("plugins", "instance and call, p50", median, Unit::Microseconds).aim(100.0);
    figures.add("plugins", "instance and call, p99", microseconds(runs.percentile(0.99)), Unit::Microseconds);
    Ok(())
}

async fn run(host: &Host, plugin: &Plugin) -> Result<()> {
    let context = Context {
        task: Task {
            adw_id: "adw_chore_1760000000_00000000".to_owned(),
            title: "Measured".to_owned(),
            description: String::new(),
            task_type: "chore".to_owned(),
            priority: "medium".to_owned(),
        },
        stage: "first".to_owned(),
        reason: Reason::First,
        config: json!({}),
        earlier: Vec::new(),
        extra: [].into(),
    };
    let run = Run { context, limits: Limits::default(), effects: Arc::new(Nothing) };
    let ran = host.run(plugin, run).await;
    ensure!(matches!(ran.result, Ok(Ok(_))), "builtin:noop failed: {:?}", ran.result);
    Ok(())
}

/// Answers no call; noop makes none.
struct Nothing;

#[async_trait]
impl Effects for Nothing {
    async fn admit(&self, _call: &Call) -> Result<(), CallError> {
        Ok(())
    }

    async fn perform(&self, _n: u32, call: Call) -> Result<Answer, Stop> {
        Ok(Err(CallError::Unavailable(format!("{} is not measured", call.name()))))
    }
}
