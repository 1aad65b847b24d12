//! `cargo xtask test durability`: the tests that kill the server, in a longer form and with the machine to themselves.

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

pub(crate) fn run(options: Options) -> Result<()> {
    setup::essentials()?;
    let mut test = cargo();
    // Of the whole workspace, as all tests are: of less, everything would be built with other features, and anew.
    let (workspace, binary) = (["--locked", "--workspace"], ["--test", "durability"]);
    if setup::has_nextest() {
        test.args(["nextest", "run", "--no-capture"]).args(workspace).args(binary);
    } else {
        test.arg("test").args(workspace).args(binary).args(["--", "--nocapture", "--test-threads=1"]);
    }
    test.env("ADW_DURABILITY", if options.long { "long" } else { "short" });
    test.envs(options.seed.map(|seed| ("ADW_SEED", seed.to_string())));
    step::run(&mut test)
}
