use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::arguments::Cli;
use crate::failure::{Exit, Failure};

/// Print a script that lets a shell complete commands and options
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(adw completions bash)
  adw completions bash > ~/.local/share/bash-completion/completions/adw
  adw completions zsh > ~/.zfunc/_adw            where ~/.zfunc is in fpath
  adw completions fish > ~/.config/fish/completions/adw.fish")]
pub(crate) struct Completions {
    /// The shell that it is for
    shell: Shell,
}

impl Completions {
    /// A script whatever is asked for: it is no answer that could be JSON.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "adw", &mut script);
        io::stdout().lock().write_all(&script)?;
        Ok(Exit::Done)
    }
}
