//! `cargo xtask test durability`, `… faults` and `… model`: tests whose choices are made by chance, in a longer form and with
//! the machine to themselves.

use crate::cargo::cargo;
use crate::failure::Result;
use crate::{setup, step};

/// How long, and with which choices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) long: bool,
    /// What an earlier run's choices followed from.
    pub(crate) seed: Option<u64>,
}

/// Of which tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    /// Those that kill the server.
    Durability,
    /// Those that take its disk away.
    Faults,
    /// Those that compare core and the engine with a model.
    Model,
}

impl Suite {
    /// The suite of this name: that of its test programs.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Durability, Self::Faults, Self::Model].into_iter().find(|suite| suite.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Durability => "durability",
            Self::Faults => "faults",
            Self::Model => "model",
        }
    }

    /// The environment variable in which its tests find the form that is asked for.
    const fn variable(self) -> &'static str {
        match self {
            Self::Durability | Self::Faults => "ADW_DURABILITY",
            Self::Model => "ADW_MODEL",
        }
    }
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
    test.env(suite.variable(), if options.long { "long" } else { "short" });
    test.envs(options.seed.map(|seed| ("ADW_SEED", seed.to_string())));
    step::run(&mut test)
}
