use crate::cargo::cargo;
use crate::failure::Result;
use crate::{setup, step};

/// Every test but the longest, or those whose name contains a filter, be they long.
pub(crate) fn run(filters: &[String]) -> Result<()> {
    setup::essentials()?;
    // First the examples in the documentation, so that what is printed last is the summary of all the rest.
    if filters.is_empty() {
        step::run(cargo().args(["test", "--quiet", "--locked", "--workspace", "--doc"]))?;
    }
    if setup::has_nextest() {
        let mut nextest = cargo();
        nextest.args(["nextest", "run", "--locked", "--workspace"]).args(filters);
        if !filters.is_empty() {
            nextest.arg("--run-ignored=all");
        }
        return step::run(&mut nextest);
    }
    let test = ["test", "--locked", "--workspace", "--lib", "--bins", "--tests"];
    match filters {
        [] => step::run(cargo().args(test)),
        filters => filters.iter().try_for_each(|filter| {
            step::run(cargo().args(test).arg(filter).args(["--", "--include-ignored"]))
        }),
    }
}
