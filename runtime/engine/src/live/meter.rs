//! What the agent of a call uses, held against the workflow's budget while it works.
//!
//! What it says that it has used is a running total of its run. It is counted, as an event, when the run is over; until then
//! it stands in what the run has written, and is read from there again by whoever goes on with it.

use std::sync::{Mutex, OnceLock, PoisonError};

use adw_core::{Budget, Command, CountUsage, Counted, Money, Usage, UsedUp, Workflow};
use adw_host::CallError;
use tokio_util::sync::CancellationToken;

use super::Live;
use crate::logs::{LogLevel, LogSource};

/// Adds up what one run of an agent says that it has used, and stops it when the budget is used up by that.
pub(super) struct Meter {
    /// As it stood when the run was taken up.
    workflow: Workflow,
    /// What names the run.
    count: CountUsage,
    totals: Mutex<Totals>,
    stop: CancellationToken,
    used_up: OnceLock<UsedUp>,
}

/// What a run has used so far.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    cost_usd: Money,
    input_tokens: u64,
    output_tokens: u64,
}

impl Totals {
    const fn usage(self) -> Usage {
        let tokens = self.input_tokens.saturating_add(self.output_tokens);
        Usage { cost_usd: self.cost_usd, tokens }
    }
}

impl Meter {
    /// Takes in what the agent says. What is no amount counts nothing.
    pub(super) fn hear(&self, name: &str, value: &str) {
        let used = {
            let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
            match name {
                "cost_usd" => totals.cost_usd = value.parse().unwrap_or(totals.cost_usd),
                "input_tokens" => totals.input_tokens = value.parse().unwrap_or(totals.input_tokens),
                "output_tokens" => totals.output_tokens = value.parse().unwrap_or(totals.output_tokens),
                _ => return,
            }
            totals.usage()
        };
        let uncounted = self.so_far(used).uncounted(&self.workflow);
        let spent = self.workflow.spent.usage.plus(uncounted);
        if let Some(used_up) = self.workflow.pipeline.budget.used_up_by(spent) {
            let _first = self.used_up.set(used_up);
            self.stop.cancel();
        }
    }

    /// What stops the agent: also whatever stops the attempt's programs.
    pub(super) const fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// What of the budget is used up by this run.
    pub(super) fn used_up(&self) -> Option<UsedUp> {
        self.used_up.get().copied()
    }

    fn total(&self) -> Usage {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner).usage()
    }

    fn so_far(&self, used: Usage) -> CountUsage {
        let run = Counted { used, ..self.count.run };
        CountUsage { run, ..self.count.clone() }
    }
}

impl Live {
    /// Whether the workflow may spend anything more. Its time is not looked at here: that has a timer of its own.
    pub(super) async fn within_budget(&self) -> Result<(), CallError> {
        let Budget { cost_usd, tokens, .. } = self.options.workflow.pipeline.budget;
        if cost_usd.is_none() && tokens.is_none() {
            return Ok(());
        }
        let workflow = self.standing().await?;
        match workflow.pipeline.budget.used_up_by(workflow.spent.usage) {
            Some(used_up) => Err(over_budget(used_up)),
            None => Ok(()),
        }
    }

    /// A meter for the run of an agent at a call, be it new or gone on with.
    pub(super) async fn meter(&self, n: u32, agent: &str) -> Result<Meter, CallError> {
        let run = Counted {
            attempt: self.options.attempt,
            call: n,
            run: self.tries(n).await?,
            used: Usage::default(),
        };
        let stage = self.options.spec.name.clone();
        Ok(Meter {
            workflow: self.standing().await?,
            count: CountUsage { stage, agent: agent.to_owned(), run },
            totals: Mutex::default(),
            stop: self.options.stop.programs().child_token(),
            used_up: OnceLock::new(),
        })
    }

    /// Counts what a run has used, for good.
    pub(super) async fn count(&self, meter: &Meter) {
        if let Some(used_up) = meter.used_up() {
            self.say(LogLevel::Warn, LogSource::Runtime, used_up.to_string()).await;
        }
        let used = meter.total();
        if used.is_nothing() {
            return;
        }
        let adw_id = &self.options.workflow.adw_id;
        let counted = self.options.engine.insist(adw_id, &Command::CountUsage(meter.so_far(used))).await;
        if let Err(error) = counted {
            // Whoever goes on with the run reads it once more.
            tracing::warn!(%adw_id, %error, "what an agent has used can't be written down");
        }
    }

    /// The workflow as it stands now.
    async fn standing(&self) -> Result<Workflow, CallError> {
        let (ledger, adw_id) = (&self.options.engine.ledger, &self.options.workflow.adw_id);
        let stored = self.insist(|| ledger.current(adw_id)).await;
        stored.map(|stored| stored.workflow).map_err(|error| {
            CallError::Unavailable(format!("what the workflow has spent can't be read: {error}"))
        })
    }
}

/// The answer to a call that there is nothing left for.
pub(super) fn over_budget(used_up: UsedUp) -> CallError {
    CallError::Budget(used_up.to_string())
}
