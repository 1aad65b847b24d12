//! `[budget]`: what one workflow may spend.

use adw_core::{Budget, Money};

use crate::{
    form::{DURATION, Wrong, millis},
    reader::{Entry, Keys, Table},
};

/// More than anybody means.
const MOST_DOLLARS: u64 = 1_000_000;
const MOST_TOKENS: u64 = 1_000_000_000_000;

pub(crate) fn read(root: &Table<'_>) -> Budget {
    let table = root.section("budget", &Keys::flat(&["cost_usd", "tokens", "wall"]));
    Budget {
        cost_usd: table.get("cost_usd").and_then(|entry| cost(&entry)),
        tokens: table.get("tokens").and_then(|entry| entry.integer(&(1..=MOST_TOKENS))),
        wall_ms: table.read("wall", &DURATION).map(millis),
    }
}

fn cost(entry: &Entry<'_>) -> Option<Money> {
    let digits = entry.decimal("an amount of dollars, such as 20 or 0.5")?;
    let most = Money::from_micros(MOST_DOLLARS * 1_000_000);
    let cost = digits.parse().ok().filter(|cost| *cost > Money::ZERO && *cost <= most);
    if cost.is_none() {
        entry.fail(
            Wrong::new(format!("`cost_usd` must be more than 0 and at most {MOST_DOLLARS} dollars"))
                .help("as in `cost_usd = 20`; without this key the cost has no bound"),
        );
    }
    cost
}
