use std::fmt::Write;

use adw_core::{AdwId, Money, StageName, Status, Timestamp, Usage};
use clap::Args;
use serde_json::Value;

use crate::asked;
use crate::client::{Client, GivenAnswer, Reconfigured, Stage, Workflow, WorkflowBudget};
use crate::clock;
use crate::context::{Context, Seen};
use crate::failure::{Exit, Failure};
use crate::standing;
use crate::style::{self, Styled, date_and_time, duration, millis, millis_between, one_line, printable};
use crate::untested;

/// Show where a workflow stands: its stages, their attempts, what came of it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  adw show adw_bug_1760000000_1a2b3c4d
  adw show adw_bug_1760000000_1a2b3c4d --json | jq .result")]
pub(crate) struct Show {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,
}

impl Show {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let look = async |client: &Client| {
            let workflow = client.workflow(&self.adw_id).await?;
            // A program reads the events itself.
            let answers = if cx.output.is_json() { Vec::new() } else { client.answers(&self.adw_id).await? };
            Ok((workflow, answers))
        };
        let Seen { it: (answer, answers), rest } = cx.look(look).await?;
        let workflow = &answer.view;
        // What was interrupted has not worked since.
        let now = if rest.is_some() { workflow.updated_at } else { clock::now() };
        cx.output.json(&answer.raw)?;
        cx.output.line(in_words(workflow, &answers, now).trim_end())?;
        if let Some(note) = rest.and_then(|rest| rest.note(&[workflow])) {
            cx.output.note(note);
        }
        Ok(Exit::Done)
    }
}

/// The workflow for a person, as it stands now, with the answers that its stages were given.
fn in_words(workflow: &Workflow, answers: &[(Option<StageName>, GivenAnswer)], now: Timestamp) -> String {
    let mut text = String::new();
    let status = Styled(style::of_status(workflow.status), workflow.status.as_str());
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{}", format!("{name:<10} {value}").trim_end());
    };
    line("id", &Styled(style::STRONG, &workflow.adw_id));
    line("title", &printable(&workflow.title));
    line("type", &workflow.task_type);
    line("status", &format_args!("{status}, {} %", workflow.progress));
    if let Some(pause) = workflow.pause() {
        let since = pause.since.map(|since| format!("since {}", date_and_time(since))).unwrap_or_default();
        let why = pause.message.as_deref().map(|why| format!(": {}", indented(why))).unwrap_or_default();
        line("paused", &format_args!("{since}{why}"));
        for (name, value) in asked::how(&workflow.adw_id, pause) {
            line(name, &value);
        }
    }
    if let Some(waiting) = workflow.own_wait() {
        let until = waiting.until.map(|until| format!(" until {}", date_and_time(until))).unwrap_or_default();
        let why = waiting.message.as_deref().map(|why| format!(": {}", indented(why))).unwrap_or_default();
        line("waits on", &format_args!("{}{until}{why}", standing::of_kind(&waiting.kind)));
        if let Some(prompt) = &waiting.prompt {
            line("prompt", &indented(prompt));
        }
        for (name, value) in asked::how(&workflow.adw_id, waiting) {
            line(name, &value);
        }
    }
    if workflow.status == Status::Failed {
        let id = &workflow.adw_id;
        line("look", &format_args!("adw logs {id}, adw journal {id}"));
        line("retry", &format_args!("adw retry {id}   (by the present adw.toml)"));
    }
    if let Some(spent) = spent(&workflow.budget, now) {
        line("spent", &spent);
    }
    line("branch", &printable(&workflow.branch));
    line("created", &date_and_time(workflow.created_at));
    if let Some(Reconfigured { at, changes }) = &workflow.reconfigured {
        line("adw.toml", &format_args!("as of the retry at {}: {changes}", date_and_time(*at)));
    }
    if let Some(completed) = workflow.completed_at {
        line(
            "ended",
            &format_args!("{}, after {}", date_and_time(completed), duration(workflow.created_at, completed)),
        );
    }
    if let Some(note) = untested::note(workflow) {
        line("note", &Styled(style::NOTE, note));
    }
    if let Some(error) = &workflow.error_message {
        line("error", &indented(error));
    }
    if let Some(description) = workflow.description.as_deref().filter(|text| !text.trim().is_empty()) {
        line("task", &one_line(description.trim(), 160));
    }
    line("stages", &"");
    for stage in &workflow.stage_runs {
        // What the workflow failed of stands above, in full.
        let is_told = workflow.failed_as_is_said_by(stage);
        let worked_ms = stage.worked_ms(workflow.updated_at, now);
        line("", &of_stage(stage, worked_ms, is_told));
    }
    if !answers.is_empty() {
        line("answers", &"");
    }
    for (stage, given) in answers {
        let stage = stage.as_ref().map(StageName::as_str).unwrap_or_default();
        line("", &indented(&format!("{stage:<12} {}", of_answer(given))));
    }
    if let Some(result) = workflow.result.as_ref().filter(|result| !result.is_null()) {
        line("result", &indented(&of_result(result)));
    }
    text
}

/// What it has spent, beside what it may: cost and tokens where there is something to say of them, time where it is bounded.
fn spent(budget: &WorkflowBudget, now: Timestamp) -> Option<String> {
    let WorkflowBudget { limit, spent } = budget;
    let Usage { cost_usd, tokens } = spent.usage;
    let wall_ms = spent.wall_ms + spent.wall_since.map_or(0, |since| millis_between(since, now));
    let of = |spent: String, limit: Option<String>| match limit {
        Some(limit) => format!("{spent} of {limit}"),
        None => spent,
    };
    let cost = (cost_usd > Money::ZERO || limit.cost_usd.is_some())
        .then(|| of(cost_usd.to_string(), limit.cost_usd.map(|limit| limit.to_string())));
    let tokens = (tokens > 0 || limit.tokens.is_some())
        .then(|| of(tokens.to_string(), limit.tokens.map(|limit| limit.to_string())) + " tokens");
    let wall = limit.wall_ms.map(|limit| of(millis(wall_ms), Some(millis(limit))));
    let told: Vec<String> = cost.into_iter().chain(tokens).chain(wall).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn of_stage(stage: &Stage, worked_ms: Option<u64>, error_is_told: bool) -> String {
    let status = Styled(style::of_stage(stage.status), stage.status.as_str());
    let attempts = match stage.attempt {
        0 => String::new(),
        1 => "1 attempt".to_owned(),
        n => format!("{n} attempts"),
    };
    let worked = worked_ms.map(millis).unwrap_or_default();
    // What was wrong the last time no longer matters once it is done.
    let error = stage.error.as_deref().filter(|_| !stage.status.is_passed());
    let said = if error_is_told { None } else { error.or(stage.summary.as_deref()) };
    let said = said.map(|said| one_line(said, 160)).unwrap_or_default();
    let waited = match stage.waited_ms {
        0 => String::new(),
        waited => format!(" (and {} of waiting for a person)", millis(waited)),
    };
    format!("{:<12} {status:<9}  {attempts:<11} {worked:<9} {said}{waited}", stage.name).trim_end().to_owned()
}

/// What was answered, and what was said beside it.
fn of_answer(given: &GivenAnswer) -> String {
    let answer = given.answer.as_str().map_or_else(|| given.answer.to_string(), str::to_owned);
    let by_default = if given.by_default { ", by default" } else { "" };
    let note = given.note.as_deref().map(|note| format!(" ({note})")).unwrap_or_default();
    format!("{answer}{by_default}{note}")
}

fn of_result(result: &Value) -> String {
    match result {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_else(|_| other.to_string()),
    }
}

/// Beneath each other, to the right of the names.
fn indented(text: &str) -> String {
    printable(text.trim_end()).replace('\n', &format!("\n{:11}", ""))
}

#[cfg(test)]
mod tests;
