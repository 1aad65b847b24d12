use std::net::SocketAddr;

use crate::campaign::{self, Suite};
use crate::failure::{Failure, Result};
use crate::run;

pub(crate) const HELP: &str = "\
Usage: cargo xtask <command>

  run [--once] [--listen ADDR]   fix a real bug in a sample repository, live, and leave the server up until Ctrl-C;
                                 --once ends after the task; ADDR is 127.0.0.1:8000, port 0 takes a free one
  test [FILTER…]                 run every test, or those whose name contains a filter
  test durability [--long] [--seed N]
                                 kill the server under load, at any moment and at every step, and print what came of it;
                                 --long takes a quarter of an hour, --seed makes the choices of an earlier run again
  test faults [--long] [--seed N]
                                 the same with a disk that is full, or can't be written
  test model [--long] [--seed N]
                                 compare core and the engine with a small model of them, in sequences made by chance of
                                 commands, crashes and time that passes; --long tries 10,000 of each kind
  lint [--no-deny]               formatting, clippy, rustdoc, and the licences and sources of dependencies
  build                          the release binary, target/release/adw
  bench [--quick] [--only PART,…] [--json FILE] [--compare FILE]
                                 measure the release binary and its parts; docs/benchmarks.md says how to read it;
                                 --quick takes two minutes; PART is disk, plugins, store, journal, workflows or feed;
                                 --json keeps the figures, --compare shows them beside those of an earlier run
  setup                          bring what this machine lacks; the others call it themselves";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Help,
    Setup,
    Run(run::Options),
    Test { filters: Vec<String> },
    TestByChance(Suite, campaign::Options),
    Lint { dependencies: bool },
    Build,
    Bench { arguments: Vec<String> },
}

pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Task> {
    let command = arguments.next();
    let rest: Vec<String> = arguments.collect();
    if rest.iter().any(|argument| argument == "--help" || argument == "-h") {
        return Ok(Task::Help);
    }
    match command.as_deref() {
        None | Some("help" | "--help" | "-h") => Ok(Task::Help),
        Some("setup") => none_left(&rest).map(|()| Task::Setup),
        Some("build") => none_left(&rest).map(|()| Task::Build),
        Some("test") => match rest.split_first() {
            Some((first, options)) if let Some(suite) = Suite::named(first) => {
                campaign_options(options).map(|options| Task::TestByChance(suite, options))
            }
            _ => Ok(Task::Test { filters: rest }),
        },
        // What it measures with knows its options.
        Some("bench") => Ok(Task::Bench { arguments: rest }),
        Some("lint") => match rest.as_slice() {
            [] => Ok(Task::Lint { dependencies: true }),
            [flag] if flag == "--no-deny" => Ok(Task::Lint { dependencies: false }),
            [other, ..] => Err(unknown(other)),
        },
        Some("run") => run_options(rest).map(Task::Run),
        Some(other) => Err(unknown(other)),
    }
}

fn campaign_options(arguments: &[String]) -> Result<campaign::Options> {
    let mut options = campaign::Options::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--long" => options.long = true,
            "--seed" => options.seed = Some(seed(arguments.next())?),
            _ => return Err(unknown(argument)),
        }
    }
    Ok(options)
}

fn seed(text: Option<&String>) -> Result<u64> {
    let seed = text.and_then(|text| text.parse().ok());
    seed.ok_or_else(|| Failure::new("--seed needs a number, as an earlier run has printed it"))
}

fn run_options(arguments: Vec<String>) -> Result<run::Options> {
    let mut options = run::Options::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.split_once('=').unwrap_or((&argument, "")) {
            ("--once", "") => options.once = true,
            ("--listen", "") => options.listen = address(arguments.next())?,
            ("--listen", address_text) => options.listen = address(Some(address_text.to_owned()))?,
            _ => return Err(unknown(&argument)),
        }
    }
    Ok(options)
}

fn address(text: Option<String>) -> Result<SocketAddr> {
    let text = text.ok_or_else(|| Failure::new("--listen needs an address, like 127.0.0.1:8001"))?;
    text.parse().map_err(|_| {
        Failure::new(format!("--listen {text}: write an address and a port, like 127.0.0.1:8001"))
    })
}

fn none_left(rest: &[String]) -> Result<()> {
    rest.first().map_or(Ok(()), |argument| Err(unknown(argument)))
}

fn unknown(argument: &str) -> Failure {
    Failure::new(format!("`{argument}` is not understood.\n\n{HELP}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::{Task, parse};
    use crate::campaign::{Options, Suite};
    use crate::run;

    fn parsed(line: &str) -> Result<Task, String> {
        parse(line.split_whitespace().map(str::to_owned)).map_err(|failure| failure.to_string())
    }

    #[test]
    fn commands_and_their_options_are_understood() {
        let moved = |once| run::Options { once, listen: "127.0.0.1:0".parse().unwrap() };
        let cases = [
            ("", Task::Help),
            ("run --help", Task::Help),
            ("setup", Task::Setup),
            ("run", Task::Run(run::Options::default())),
            ("run --listen 127.0.0.1:0", Task::Run(moved(false))),
            ("run --listen=127.0.0.1:0 --once", Task::Run(moved(true))),
            ("test", Task::Test { filters: vec![] }),
            ("test one two", Task::Test { filters: vec!["one".into(), "two".into()] }),
            ("test durability", Task::TestByChance(Suite::Durability, Options::default())),
            (
                "test durability --long --seed 7",
                Task::TestByChance(Suite::Durability, Options { long: true, seed: Some(7) }),
            ),
            ("test faults --long", Task::TestByChance(Suite::Faults, Options { long: true, seed: None })),
            ("test model --long", Task::TestByChance(Suite::Model, Options { long: true, seed: None })),
            ("lint", Task::Lint { dependencies: true }),
            ("lint --no-deny", Task::Lint { dependencies: false }),
            ("build", Task::Build),
            ("bench --quick", Task::Bench { arguments: vec!["--quick".into()] }),
        ];
        for (line, expected) in cases {
            assert_eq!(parsed(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, named) in [
            ("rum", "`rum`"),
            ("setup now", "`now`"),
            ("lint --fix", "`--fix`"),
            ("run --twice", "`--twice`"),
            ("test durability --longer", "`--longer`"),
            ("test model plan", "`plan`"),
            ("test durability --seed x", "--seed needs a number"),
            ("run --listen", "--listen needs an address"),
            ("run --listen 8000", "--listen 8000"),
        ] {
            assert!(parsed(line).unwrap_err().contains(named), "{line}");
        }
    }
}
