//! `cargo xtask test durability` and `test faults`: the tests that kill the server, or take its disk away, in a longer form
//! and with the machine to themselves.

use crate::cargo::cargo;
use crate::failure::Result;
use crate::{setup, step};

/// What is done to servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    /// They are killed.
    Durability,
    /// Their disk fails.
    Faults,
}

impl Suite {
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Durability, Self::Faults].into_iter().find(|suite| suite.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Durability => "durability",
            Self::Faults => "faults",
        }
    }
}

/// How long, and with which choices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) long: bool,
    /// What an earlier run's choices followed from.
    pub(crate) seed: Option<u64>,
}

pub(crate) fn run(suite: Suite, options: Options) -> Result<()> {
    setup::essentials()?;
    let mut test = cargo();
    // Of the whole workspace, as all tests are: of less, everything would be built with other features, and anew.
    let (workspace, binary) = (["--locked", "--workspace"], ["--test", suite.name()]);
    if setup::has_nextest() {
        test.args(["nextest", "run", "--no-capture"]).args(workspace).args(binary);
    } else {
        test.arg("test").args(workspace).args(binary).args(["--", "--nocapture", "--test-threads=1"]);
    }
    test.env("ADW_DURABILITY", if options.long { "long" } else { "short" });
    test.envs(options.seed.map(|seed| ("ADW_SEED", seed.to_string())));
    step::run(&mut test)
}
