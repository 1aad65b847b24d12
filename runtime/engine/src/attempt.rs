//! One attempt at a stage: the plugin in its sandbox, its calls in their layers, its time, and its end.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use adw_core::{AttemptResult, Output, Pipeline, Reason, Stage, StageSpec, StageStatus, Waiting, Workflow};
use adw_host::{Cause as Trouble, Granted, Journaled, PluginName, Ran, Run, RunError, Stop};
use adw_store::{AttemptKey, RowId};

use crate::{
    CommandError,
    inner::Inner,
    journal::StoredJournal,
    live::{Live, LiveOptions},
    patience::insist,
    runs::{Cause, Fate, StopSignal},
};

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself; also by taking too long.
    Result(AttemptResult),
    /// From outside.
    Stopped(Cause),
    /// Not at all: it goes on once what it waits on is there.
    Suspended(Waiting),
}

impl End {
    /// Whether it goes on later, on the tree as it is now.
    const fn is_for_now(&self) -> bool {
        match self {
            Self::Suspended(_) => true,
            Self::Stopped(cause) => cause.is_for_now(),
            Self::Result(_) => false,
        }
    }
}

/// Runs the attempt that the workflow says is under way.
pub(crate) async fn run(engine: &Arc<Inner>, workflow: &Workflow, stage: &Stage) -> End {
    let (signal, _guard) = engine.runs.begin(&workflow.adw_id, &stage.name, stage.attempt);
    // A stop or a cancel may have come between the decision and the note of it.
    if engine.is_stopping() {
        signal.stop(Cause::Shutdown(Fate::GoOn));
    }
    let (id, pipeline) = match taken_up(engine, workflow, &signal).await {
        Ok(pinned) => pinned,
        Err(error) => return cut_short(&signal, error.to_string()),
    };
    let Some(spec) = pipeline.stage(&stage.name) else {
        return fatal(format!("the pipeline that this workflow is pinned to has no stage {}", stage.name));
    };
    let plugin = match engine.catalog.plugin(&spec.plugin).await {
        Ok(plugin) => plugin,
        Err(message) => return fatal(message),
    };
    let key = AttemptKey { workflow: id, stage: stage.name.clone(), attempt: stage.attempt };
    let journal = StoredJournal::new(
        Arc::clone(&engine.store),
        engine.blobs.clone(),
        Arc::clone(&engine.clock),
        key,
        signal.token().clone(),
    );
    let recorded = match journal.recorded(stage).await {
        Ok(recorded) => recorded,
        Err(error) => return cut_short(&signal, error.to_string()),
    };
    failure_point!(Waking, stage.goes_on());
    let live = Arc::new(Live::new(LiveOptions {
        engine: Arc::clone(engine),
        workflow: workflow.clone(),
        id,
        project: pipeline.project.clone(),
        spec: spec.clone(),
        attempt: stage.attempt,
        round: stage.round,
        resumed: stage.goes_on(),
        open_call: recorded.open_call,
        stop: signal.clone(),
    }));
    let granted = Granted::new(spec.grants.clone(), spec.name.as_str(), Arc::clone(&live));
    let effects = Arc::new(Journaled::new(journal, granted, recorded.entries));
    let run = Run { context: context(workflow, stage, spec), limits: spec.limits, effects: effects.clone() };
    let ran = until_stopped(engine.host.run(&plugin, run), &signal, &live, plugin.name()).await;
    let end = match ran {
        Ok(ran) => ended(ran, &signal, &live, plugin.name()),
        Err(end) => end,
    };
    if end.is_for_now() {
        return end;
    }
    let achieved = matches!(end, End::Result(AttemptResult::Done(_) | AttemptResult::Skipped { .. }));
    let kept = match effects.flush().await {
        Ok(()) => {
            let kept = live.finish(achieved).await;
            kept.map_err(|error| format!("the work could not be kept: {error}"))
        }
        Err(stop) => Err(told(Trouble::Stopped(stop), spec, plugin.name())),
    };
    let end = match kept {
        // Another stage goes on with the tree.
        Err(message) if achieved || matches!(end, End::Result(AttemptResult::Rework { .. })) => {
            cut_short(&signal, message)
        }
        Err(message) => {
            live.tell_of_trouble(message).await;
            end
        }
        Ok(()) => end,
    };
    live.forget_programs().await;
    live.finish_log().await;
    end
}

/// The row's number of a workflow, and the document that it is pinned to; and a look whether the attempt is still the
/// one under way. A store in trouble is waited for.
async fn taken_up(
    engine: &Inner,
    workflow: &Workflow,
    signal: &StopSignal,
) -> Result<(RowId, Arc<Pipeline>), CommandError> {
    let adw_id = &workflow.adw_id;
    let tell = |error: &CommandError| {
        tracing::warn!(%adw_id, %error, "the workflow can't be read; trying again");
    };
    let read = async || {
        let stored = engine.ledger.current(adw_id).await?;
        engine.runs.stop_superseded(&stored.workflow);
        Ok((stored.id, engine.ledger.pipeline(workflow).await?))
    };
    insist(signal.token(), tell, read).await
}

/// What ended an attempt outside of its plugin: the stop, where one came, and else the error.
fn cut_short(signal: &StopSignal, message: String) -> End {
    if signal.token().is_cancelled() { End::Stopped(signal.cause()) } else { fatal(message) }
}

/// Waits for the plugin, for its time to be up, or for a stop. A stop first ends what its calls have started, or lets go
/// of it; then the guest has nothing that could be left half done, and is dropped.
async fn until_stopped(
    run: impl Future<Output = Ran>,
    signal: &StopSignal,
    live: &Live,
    plugin: &PluginName,
) -> Result<Ran, End> {
    tokio::pin!(run);
    let deadline = tokio::time::sleep(live.time_left(None));
    let cause = tokio::select! {
        biased;
        cause = signal.stopped() => cause,
        ran = &mut run => return Ok(ran),
        () = deadline => {
            signal.stop(Cause::TimedOut);
            Cause::TimedOut
        }
    };
    failure_point!(Cancelling, cause == Cause::Superseded);
    tokio::select! {
        _ = &mut run => {}
        () = live.quiet() => {}
    }
    Err(match cause {
        Cause::TimedOut => timed_out(live.spec(), plugin),
        cause => End::Stopped(cause),
    })
}

fn timed_out(spec: &StageSpec, plugin: &PluginName) -> End {
    let cause = Trouble::TookTooLong(Duration::from_millis(spec.timeout_ms));
    End::Result(AttemptResult::Retryable { class: "timeout".to_owned(), message: told(cause, spec, plugin) })
}

/// What a person is told of a plugin that came to no good end.
fn told(cause: Trouble, spec: &StageSpec, plugin: &PluginName) -> String {
    RunError { plugin: plugin.clone(), stage: spec.name.to_string(), cause }.to_string()
}

fn ended(ran: Ran, signal: &StopSignal, live: &Live, plugin: &PluginName) -> End {
    match &ran.result {
        // Whatever a call said as it was cut off, the stop was why.
        Err(RunError { cause: Trouble::Stopped(_), .. }) if signal.token().is_cancelled() => {
            End::Stopped(signal.cause())
        }
        Err(RunError { cause: Trouble::Stopped(Stop::Suspended(_)), .. })
            if let Some(waiting) = live.waiting() =>
        {
            End::Suspended(waiting.clone())
        }
        _ => End::Result(result(ran, plugin)),
    }
}

/// What an attempt came to that ended by itself. What a plugin says of its failure is told with its name; feedback is not: it
/// is for another stage to read.
pub(crate) fn result(ran: Ran, plugin: &PluginName) -> AttemptResult {
    use adw_host::{Failure, Outcome};
    match ran.result {
        Ok(Ok(Outcome::Done { summary, data })) => AttemptResult::Done(Output { summary, data }),
        Ok(Ok(Outcome::Skipped(reason))) => AttemptResult::Skipped { reason },
        Ok(Err(Failure::Retryable { class, message })) => {
            AttemptResult::Retryable { class, message: plugin.says(&message) }
        }
        Ok(Err(Failure::Fatal(message))) => AttemptResult::Fatal { message: plugin.says(&message) },
        Ok(Err(Failure::Rework(feedback))) => AttemptResult::Rework { feedback },
        Err(error) => AttemptResult::Fatal { message: error.to_string() },
    }
}

fn fatal(message: String) -> End {
    End::Result(AttemptResult::Fatal { message })
}

/// What a stage is given.
pub(crate) fn context(workflow: &Workflow, stage: &Stage, spec: &StageSpec) -> adw_host::Context {
    let task = &workflow.task;
    adw_host::Context {
        task: adw_host::Task {
            adw_id: workflow.adw_id.to_string(),
            title: task.title.clone(),
            description: task.description.clone().unwrap_or_default(),
            task_type: task.task_type.as_str().to_owned(),
            priority: task.priority.as_str().to_owned(),
        },
        stage: stage.name.to_string(),
        reason: match &stage.reason {
            Reason::First => adw_host::Reason::First,
            Reason::Retry { number } => adw_host::Reason::Retry(*number),
            Reason::Rework { stage, round, feedback } => adw_host::Reason::Rework {
                stage: stage.to_string(),
                round: *round,
                feedback: feedback.clone(),
            },
        },
        config: spec.config.clone(),
        earlier: workflow
            .stages
            .iter()
            .take_while(|other| other.name != stage.name)
            .filter_map(earlier)
            .collect(),
        extra: extra(workflow, stage),
    }
}

fn extra(workflow: &Workflow, stage: &Stage) -> BTreeMap<String, String> {
    let failure = workflow.failure().filter(|_| stage.finally);
    let failure = failure.map(|failure| ("failure".to_owned(), failure));
    [("branch".to_owned(), workflow.branch())].into_iter().chain(failure).collect()
}

fn earlier(stage: &Stage) -> Option<adw_host::Earlier> {
    let output = stage.output.as_ref().filter(|_| stage.status.is_passed())?;
    Some(adw_host::Earlier {
        stage: stage.name.to_string(),
        summary: output.summary.clone(),
        data: output.data.clone(),
        skipped: stage.status == StageStatus::Skipped,
    })
}
