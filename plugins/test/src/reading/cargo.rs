//! `cargo test`: the harness that comes with Rust, a block for each test binary.

use super::{Tally, counted};

pub(super) fn read(output: &str) -> Option<Tally> {
    let mut tally: Option<Tally> = None;
    // The names are listed before a block's result; where the list is missing, each test's own line says it.
    let (mut listed, mut marked, mut listing) = (Vec::new(), Vec::new(), false);
    for line in output.lines() {
        if line == "failures:" {
            // The first such heading stands above what the tests printed, the second above the names.
            listed.clear();
            listing = true;
        } else if let Some(result) = line.strip_prefix("test result: ") {
            let tally = tally.get_or_insert_default();
            add_counts(tally, result);
            let names = if listed.is_empty() { &marked } else { &listed };
            for name in names {
                tally.add_failure(*name);
            }
            listed.clear();
            marked.clear();
            listing = false;
        } else if let Some(name) = line.strip_prefix("    ").filter(|_| listing) {
            listed.push(name.trim());
        } else if let Some(name) =
            line.strip_prefix("test ").and_then(|test| test.strip_suffix(" ... FAILED"))
        {
            marked.push(name.trim_end_matches(" - should panic"));
        }
    }
    tally
}

/// `FAILED. 1 passed; 2 failed; 1 ignored; …`
fn add_counts(tally: &mut Tally, result: &str) {
    let counts = result.split_once(". ").map_or(result, |(_, counts)| counts);
    for (number, word) in counts.split(';').filter_map(counted) {
        match word {
            "passed" => tally.passed += number,
            "failed" => tally.failed += number,
            _ => {}
        }
    }
}
