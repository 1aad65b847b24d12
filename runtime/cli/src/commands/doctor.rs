use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::context::{Context, working_directory};
use crate::doctor::{Surroundings, Told, Verdict, examine};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::style::{self, Styled};

/// Look for what stands in the way of work on this machine, and say what mends it
#[derive(Debug, Args)]
#[command(after_help = "\
It looks at git, adw.toml, the projects, the disk, plugins, agents, the database, the port, limits
and the clock. It changes nothing, and goes on after whatever it finds.

Examples:
  adw doctor
  adw doctor --json | jq '.findings[] | select(.verdict != \"ok\")'

Exit code: 0 unless something fails, else 1. Warnings leave it 0.")]
pub(crate) struct Doctor {
    /// The configuration; without it, the nearest adw.toml from here upwards
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Doctor {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let told = examine(Surroundings::of(working_directory()?, self.config)).await;
        let failed = told.iter().filter(|told| matches!(told.finding.verdict, Verdict::Fail { .. })).count();
        let warned = told.iter().filter(|told| matches!(told.finding.verdict, Verdict::Warn { .. })).count();
        cx.output.json(&json!({
            "ok": failed == 0, "failed": failed, "warned": warned, "version": env!("CARGO_PKG_VERSION"),
            "findings": told,
        }))?;
        told.iter().try_for_each(|told| show(cx.output, told))?;
        cx.output.line(conclusion(failed, warned))?;
        Ok(if failed == 0 { Exit::Done } else { Exit::CHECK_FAILED })
    }
}

/// A line, and beneath it what mends it.
fn show(output: Output, told: &Told) -> Result<(), Failure> {
    let Told { subject, finding } = told;
    let (style, word, fix) = match &finding.verdict {
        Verdict::Ok => (style::GOOD, "ok", None),
        Verdict::Warn { fix } => (style::NOTE, "warn", Some(fix)),
        Verdict::Fail { fix } => (style::BAD, "fail", Some(fix)),
    };
    output.line(format_args!("{:4}  {subject:<8}  {}", Styled(style, word), finding.message))?;
    for (number, line) in fix.into_iter().flat_map(|fix| fix.lines()).enumerate() {
        let name = if number == 0 { "fix:" } else { "" };
        output.line(format_args!("{:16}{} {line}", "", Styled(style::STRONG, format_args!("{name:<4}"))))?;
    }
    Ok(())
}

fn conclusion(failed: usize, warned: usize) -> String {
    let warnings = match warned {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        n => format!(", {n} warnings"),
    };
    match failed {
        0 => format!("{}{warnings}", Styled(style::GOOD, "nothing stands in the way of work")),
        1 => format!("{}{warnings}", Styled(style::BAD, "1 check failed")),
        n => format!("{}{warnings}", Styled(style::BAD, format_args!("{n} checks failed"))),
    }
}
