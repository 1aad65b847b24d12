//! The runners that fit the repository, and what is tried where they run no test.

use adw_plugin_sdk::{Cx, Error, Failure, Invocation};
use adw_runners::Runner;

use crate::verdict::Ran;

/// What was found, in the order in which it is run.
pub(crate) struct Found(Vec<Runner>);

impl Found {
    /// Looks at the repository's files.
    pub(crate) fn look(cx: &Cx) -> Result<Self, Error> {
        let workspace = cx.workspace();
        let runners =
            adw_runners::find(|pattern| workspace.glob(pattern), |path| workspace.read_lossy(path))?;
        for runner in &runners {
            cx.log().info(format_args!("{} asks for `{}`", runner.because, runner.command_line()));
        }
        Ok(Self(runners))
    }

    /// The commands that are run in any case.
    pub(crate) fn commands(&self) -> Result<Vec<Invocation>, Failure> {
        self.0.iter().map(command).collect()
    }

    /// A file that looks like one of tests, where the runners in the place of others are for it.
    pub(crate) fn test_file(&self) -> Option<&str> {
        self.0.iter().find_map(|runner| runner.instead.first()).map(|runner| runner.because.as_str())
    }

    /// Runs what is in the place of those that have run no test. It is a guess, for which nobody was asked: where it isn't
    /// allowed or isn't installed, nothing is lost.
    pub(crate) fn run_instead(
        &self,
        ran: &mut Vec<Ran>,
        cx: &Cx,
        run: impl Fn(&Invocation) -> Result<Ran, Error>,
    ) -> Result<(), Failure> {
        for runner in self.instead(ran) {
            let line = runner.command_line();
            cx.log().warn(format_args!("no test ran, although there is {}: trying `{line}`", runner.because));
            match run(&command(runner)?) {
                Ok(other) => match other.missing_module() {
                    Some(module) => cx.log().warn(format_args!("Python has no module {module}")),
                    None => ran.push(other),
                },
                Err(error @ (Error::Denied(_) | Error::NotFound(_))) => cx.log().warn(error),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// What is to be tried, given what came of each.
    fn instead(&self, ran: &[Ran]) -> &[Runner] {
        let mut replaceable = self.0.iter().zip(ran).filter(|(runner, _)| !runner.instead.is_empty());
        match replaceable.clone().next() {
            Some((first, _)) if replaceable.all(|(_, ran)| ran.found_none()) => &first.instead,
            _ => &[],
        }
    }
}

fn command(runner: &Runner) -> Result<Invocation, Failure> {
    Ok(Invocation::of_words(runner.argv.iter().cloned())?)
}
