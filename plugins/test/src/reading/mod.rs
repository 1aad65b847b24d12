//! Reads what test runners print: how many tests passed and failed, and which failed. A file each.
//!
//! A command may run several runners (`make test`), so all are asked, and what they find is added up.

mod cargo;
mod escapes;
mod go;
mod jest;
mod mocha;
mod nextest;
mod node;
mod pytest;
mod tap;
mod unittest;

use std::fmt;

pub(crate) use escapes::without_escapes;

/// What a runner says of its tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    /// The names of those that failed, in the runner's order, each once.
    pub(crate) failures: Vec<String>,
    /// It says itself that it found no test at all.
    pub(crate) found_none: bool,
}

/// What an output without escapes says of tests; none where no runner is recognised in it.
pub(crate) fn read(output: &str) -> Option<Tally> {
    // Each of these prints, or is run by, what the one after it would recognise too.
    let rust = nextest::read(output).or_else(|| cargo::read(output));
    let node = node::read(output).or_else(|| tap::read(output));
    let others = [unittest::read(output), pytest::read(output), go::read(output)];
    let javascript = [jest::read(output), mocha::read(output), node];
    [rust].into_iter().chain(others).chain(javascript).flatten().reduce(Tally::and)
}

impl Tally {
    /// A runner that says itself that it found no test.
    fn none() -> Self {
        Self { found_none: true, ..Self::default() }
    }

    /// Adds a test that failed.
    fn add_failure(&mut self, name: impl Into<String>) {
        let name = name.into();
        if !self.failures.contains(&name) {
            self.failures.push(name);
        }
    }

    /// Both together.
    fn and(mut self, other: Self) -> Self {
        self.passed += other.passed;
        self.failed += other.failed;
        self.found_none &= other.found_none;
        other.failures.into_iter().for_each(|name| self.add_failure(name));
        self
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// `12 passed` as its parts.
fn counted(item: &str) -> Option<(u32, &str)> {
    let (number, word) = item.trim().split_once(' ')?;
    Some((number.parse().ok()?, word))
}

/// A name without the time that stands behind it: `adds (1.2ms)`.
fn without_time(name: &str) -> &str {
    match name.rsplit_once(" (") {
        Some((name, time))
            if time.ends_with("s)") && time.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            name
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests;
