use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use adw_config::FILE_NAME;
use adw_config::init::{Facts, Runner, detect_runners, render};
use clap::Args;
use serde_json::json;

use crate::context::{Context, working_directory};
use crate::failure::{Exit, Failure};
use crate::git;
use crate::output::Output;
use crate::style::{self, Styled};

/// Write an adw.toml that fits this repository
#[derive(Debug, Args)]
#[command(after_help = "\
It asks nothing: work begins from the branch that is checked out, and the stage that runs
tests may run what the repository's build files call for. The file is commented, and yours.

Examples:
  adw init
  adw init --force        write it anew")]
pub(crate) struct Init {
    /// Write it anew where there is one
    #[arg(long)]
    force: bool,
}

impl Init {
    pub(crate) fn run(&self, cx: &Context) -> Result<Exit, Failure> {
        let start = working_directory()?;
        let repository = git::answer(&start, ["rev-parse", "--show-toplevel"]).map(PathBuf::from);
        let folder = repository.as_deref().unwrap_or(&start);
        let file = folder.join(FILE_NAME);
        if file.exists() && !self.force {
            return Err(Failure::ConfigExists { file });
        }
        // A pipe would take it away, or be waited for.
        if file.exists() && !file.is_file() {
            return Err(Failure::Usage {
                message: format!("{} is no regular file", file.display()),
                help: "move it out of the way first".to_owned(),
            });
        }
        let facts = facts(folder);
        fs::write(&file, render(&facts))
            .map_err(|source| Failure::File { what: format!("write {}", file.display()), source })?;
        tell(cx.output, &file, &facts, repository.is_some())?;
        Ok(Exit::Done)
    }
}

/// What was written and found, and what comes next.
fn tell(output: Output, file: &Path, facts: &Facts, is_repository: bool) -> io::Result<()> {
    let runners: Vec<&str> = facts.runners.iter().map(Runner::example).collect();
    output.json(&json!({ "file": file.to_string_lossy(), "base": facts.base, "runners": runners }))?;
    output.line(format_args!("{} {}", Styled(style::GOOD, "wrote"), file.display()))?;
    match &facts.base {
        Some(base) => output.line(format_args!("  work begins from   {base}"))?,
        None if is_repository => output.note("no branch is checked out: name one as base in [projects]"),
        None => output.note("this is no git repository: make it one with `git init`, and commit"),
    }
    if runners.is_empty() {
        output.note("nothing here was recognised that runs tests: name it in [stages.test]");
    } else {
        tell_runners(output, &facts.runners)?;
    }
    output.line(NEXT)?;
    if is_repository { output.line(COMMIT) } else { Ok(()) }
}

/// What runs the tests as they are, and what will once they are otherwise.
fn tell_runners(output: Output, runners: &[Runner]) -> io::Result<()> {
    let now: Vec<&str> =
        runners.iter().filter(|runner| runner.when().is_none()).map(Runner::example).collect();
    let now = if now.is_empty() { "nothing yet".to_owned() } else { now.join(", ") };
    output.line(format_args!("  tests are run by   {now}"))?;
    for runner in runners {
        if let Some(when) = runner.when() {
            output.line(format_args!("  or by              {}, {when}", runner.example()))?;
        }
    }
    Ok(())
}

const COMMIT: &str = "  git add adw.toml                 and commit it: it belongs to the repository";

const NEXT: &str = "
Next:
  adw check                        is all of it right?
  adw run \"What is to be done\"     hand over a task, and watch it
  adw serve                        for many tasks: a server, in a terminal of its own";

fn facts(folder: &Path) -> Facts {
    Facts {
        base: git::answer(folder, ["symbolic-ref", "--quiet", "--short", "HEAD"]),
        runners: detect_runners(folder),
    }
}
