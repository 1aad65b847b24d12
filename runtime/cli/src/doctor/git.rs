//! The program git.

use tokio::runtime::Handle;

use super::{Finding, Surroundings};

const INSTALL: &str = "sudo apt-get install git   # or your system's own way: https://git-scm.com/downloads";

pub(super) fn check(_: &Surroundings) -> Vec<Finding> {
    vec![match Handle::current().block_on(adw_workspace::git_version()) {
        Ok(version) => Finding::ok(version),
        Err(error) => Finding::fail(error.to_string(), INSTALL),
    }]
}
