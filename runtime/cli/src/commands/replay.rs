use std::path::PathBuf;

use adw_core::{AdwId, StageName};
use clap::Args;
use serde_json::{Value, json};

use crate::client::{Client, Replay as Replayed, Request};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::input;
use crate::output::Output;
use crate::style::{self, Styled, one_line, printable};

/// Run a workflow's plugins over its journal again, and print the first difference
///
/// Nothing else happens: no agent is asked and no command runs. So it shows what another build of a plugin would have done, and
/// whether a plugin asks the same whenever it is given the same, as it has to.
#[derive(Debug, Args)]
#[command(after_help = "\
What a plugin asks is answered from the record that `adw journal` shows; the first call that isn't
there ends it.

Examples:
  adw replay adw_bug_1760000000_1a2b3c4d
  adw replay adw_bug_1760000000_1a2b3c4d --stage implement --attempt 2
  adw replay adw_bug_1760000000_1a2b3c4d --stage notify --plugin notify.wasm

Exit codes:
  0  the same
  1  something was different
  2  wrong usage, a plugin that doesn't load, or nothing to replay
  3  the server can't be reached or can't answer")]
pub(crate) struct Replay {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,

    /// Of this stage only
    #[arg(long)]
    stage: Option<StageName>,

    /// Of this attempt, where it isn't the newest
    #[arg(long, value_name = "N", requires = "stage")]
    attempt: Option<u32>,

    /// Another build of the stage's plugin, a .wasm file
    #[arg(long, value_name = "FILE", requires = "stage")]
    plugin: Option<PathBuf>,
}

impl Replay {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let plugin = self.plugin.as_deref().map(input::plugin).transpose()?.unwrap_or_default();
        Ok(cx.look(async |client| self.replay(client, &plugin, cx.output).await).await?.it)
    }

    async fn replay(&self, client: &Client, plugin: &[u8], output: Output) -> Result<Exit, Failure> {
        let workflow = client.workflow(&self.adw_id).await?.view;
        super::logs::check_stage(&workflow, self.stage.as_ref())?;
        let (mut raw, mut same) = (Vec::new(), true);
        for stage in &workflow.stage_runs {
            let wanted = self.stage.as_ref().is_none_or(|name| *name == stage.name);
            let attempt = self.attempt.unwrap_or(stage.attempt);
            if !wanted || attempt == 0 {
                continue;
            }
            let answer = client.replay(&self.adw_id, &stage.name, attempt, plugin.to_owned()).await?;
            print(output, &answer.view)?;
            same &= answer.view.same;
            raw.push(answer.raw);
        }
        if raw.is_empty() {
            let which = self
                .stage
                .as_ref()
                .map_or_else(|| "no stage".to_owned(), |stage| format!("no such attempt of {stage}"));
            return Err(Failure::Usage {
                message: format!(
                    "{which} of the workflow {} has begun: there is nothing to replay",
                    self.adw_id
                ),
                help: format!("`adw show {}` shows its stages and their attempts", self.adw_id),
            });
        }
        output.json(&json!({ "adw_id": self.adw_id, "same": same, "items": raw }))?;
        Ok(if same { Exit::Done } else { Exit::CHECK_FAILED })
    }
}

fn print(output: Output, replay: &Replayed) -> Result<(), Failure> {
    let Replayed { stage, attempt, plugin, calls, took_ms, .. } = replay;
    let calls = match calls {
        1 => "1 call".to_owned(),
        calls => format!("{calls} calls"),
    };
    let verdict = if replay.same {
        Styled(style::GOOD, "the same".to_owned())
    } else {
        Styled(style::BAD, "different".to_owned())
    };
    output.line(format_args!(
        "{}  {verdict}, {calls} on record, {took_ms:.0} ms, by {} {} ({:.12})",
        Styled(style::STRONG, format!("{stage}, attempt {attempt}")),
        printable(&plugin.name),
        plugin.version,
        plugin.sha256,
    ))?;
    if let Some(call) = &replay.call {
        output.line(format_args!("       at call {}", call.n))?;
        let ended = || replay.end.as_ref().map_or_else(|| NOTHING.to_owned(), end);
        let now = call.now.as_ref().map_or_else(ended, asked);
        both(output, &call.recorded.as_ref().map_or_else(|| NOTHING.to_owned(), asked), &now)?;
    } else if let Some(ends) = &replay.ends {
        both(output, &end(&ends.recorded), &end(&ends.now))?;
    } else {
        let open = || "the record ends here, and the attempt has no end in it".to_owned();
        let end = replay.end.as_ref().map_or_else(open, end);
        output.line(Styled(style::QUIET, format!("       {}", one_line(&end, WIDTH))))?;
    }
    Ok(())
}

fn both(output: Output, recorded: &str, now: &str) -> Result<(), Failure> {
    let [recorded, now] = from_where_they_differ(recorded, now);
    output.line(format_args!("       on record  {recorded}"))?;
    Ok(output.line(format_args!("       now        {now}"))?)
}

/// Two texts that are different, each on a line: long ones from a little before that shows.
fn from_where_they_differ(recorded: &str, now: &str) -> [String; 2] {
    const BEFORE: usize = 40;
    let alike = recorded.chars().zip(now.chars()).take_while(|(one, other)| one == other).count();
    let left_out = if alike + BEFORE < WIDTH { 0 } else { alike - BEFORE };
    let mark = if left_out > 0 { "…" } else { "" };
    [recorded, now].map(|text| {
        let rest: String = text.chars().skip(left_out).collect();
        format!("{mark}{}", one_line(&rest, WIDTH))
    })
}

/// What of a request or an end stands on its line.
const WIDTH: usize = 200;

const NOTHING: &str = "nothing";

fn asked(Request { call, request }: &Request) -> String {
    format!("{} {request}", call.as_deref().unwrap_or("unreadable"))
}

/// An end, in the words of its event: what it is, and what there is to say of it.
fn end(event: &Value) -> String {
    let member = |name: &str| event.get(name).and_then(Value::as_str);
    let kind = member("type").unwrap_or_default().replace('_', " ");
    let output = event.get("output");
    let summary = output.and_then(|output| output.get("summary")).and_then(Value::as_str);
    let said =
        summary.or_else(|| ["error", "reason", "feedback"].into_iter().find_map(member)).unwrap_or_default();
    let data = output.and_then(|output| output.get("data")).filter(|data| !data.is_null());
    let data = data.map(|data| format!(" {data}")).unwrap_or_default();
    format!("{kind}: {}{data}", one_line(said, usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::from_where_they_differ;

    #[test]
    fn long_texts_are_shown_from_a_little_before_their_difference() {
        assert_eq!(from_where_they_differ("exec.run 1", "exec.run 2"), ["exec.run 1", "exec.run 2"]);
        let (same, rest) = ("a".repeat(300), "z".repeat(300));
        let [recorded, now] = from_where_they_differ(&format!("{same}b{rest}"), &format!("{same}c"));
        assert_eq!(now, format!("…{}c", "a".repeat(40)));
        assert!(
            recorded.starts_with(&format!("…{}bzzz", "a".repeat(40))) && recorded.ends_with("z…"),
            "{recorded}"
        );
    }
}
