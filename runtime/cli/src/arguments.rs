//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    answer::Answer, cancel::Cancel, check::Check, completions::Completions, diff::Diff, doctor::Doctor,
    init::Init, journal::Journal, logs::Logs, ls::Ls, pause::Pause, reload::Reload, replay::Replay,
    resume::Resume, retry::Retry, run::Run, serve::Serve, show::Show, watch::Watch,
};

/// A durable runtime for AI developer workflows.
#[derive(Debug, Parser)]
#[command(name = "adw", version, propagate_version = true, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Cli {
    /// Answer with JSON on stdout, errors included.
    #[arg(long, global = true, display_order = 100)]
    pub(crate) json: bool,

    // Not read from the environment by clap, which would then show it as a part of every usage.
    /// The server to ask; without it, ADW_SERVER, else the one that works on the data beside the nearest adw.toml.
    #[arg(long, global = true, value_name = "URL", display_order = 101)]
    pub(crate) server: Option<String>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  adw init                                   write an adw.toml that fits this repository
  adw run \"Fix the median\" --patch fix.diff  hand over a task, and watch it
  adw serve                                  serve what adw.toml describes
  adw show adw_bug_1760000000_1a2b3c4d       where a task stands

Exit codes:
  0    done
  1    the workflow failed or was cancelled
  2    wrong usage, configuration or request
  3    the server can't be reached or can't answer
  4    the workflow waits for a person, and no server is running
  130  interrupted";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(Init),
    Check(Check),
    Doctor(Doctor),
    Serve(Serve),
    Run(Box<Run>),
    Ls(Ls),
    Watch(Watch),
    Show(Show),
    Logs(Logs),
    Journal(Journal),
    Replay(Replay),
    Diff(Diff),
    Answer(Answer),
    Pause(Pause),
    Resume(Resume),
    Cancel(Cancel),
    Retry(Retry),
    Reload(Reload),
    Completions(Completions),
}
