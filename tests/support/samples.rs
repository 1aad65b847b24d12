//! Repositories with a bug, and configurations.

use super::repository::Repository;

/// A repository whose test fails, and the diff that mends it.
pub struct Sample {
    pub repository: Repository,
    pub title: &'static str,
    pub diff: &'static str,
    /// The file that the diff is about.
    pub file: &'static str,
    /// What it is once it is mended.
    pub mended: &'static str,
    /// The command that runs the tests, as a person would.
    pub test: &'static [&'static str],
}

impl Sample {
    /// The task in a person's words, the diff fenced among them.
    pub fn description(&self) -> String {
        format!(
            "The tests say that it is wrong. This should do:\n\n```diff\n{}```\n\nThank you!\n",
            self.diff
        )
    }

    /// Python with unittest.
    pub fn python() -> Self {
        let repository = Repository::of(&[
            ("README.md", "# Shop\n\nPrices and discounts.\n"),
            ("shop/__init__.py", ""),
            ("shop/prices.py", PRICES),
            ("test_prices.py", PRICES_TEST),
            // What running the tests leaves behind.
            (".gitignore", "__pycache__/\n"),
        ]);
        Self {
            repository,
            title: "Discounts are added in the place of being taken off",
            diff: PRICES_DIFF,
            file: "shop/prices.py",
            mended: PRICES_MENDED,
            test: &["python3", "-m", "unittest"],
        }
    }

    /// A Rust crate without dependencies.
    pub fn rust() -> Self {
        let repository = Repository::of(&[
            ("Cargo.toml", "[package]\nname = \"leap\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
            ("src/lib.rs", LEAP),
            ("tests/years.rs", LEAP_TEST),
            (".gitignore", "/target\n"),
        ]);
        Self {
            repository,
            title: "Centuries are no leap years, but for every fourth",
            diff: LEAP_DIFF,
            file: "src/lib.rs",
            mended: LEAP_MENDED,
            test: &["cargo", "test", "--offline", "--quiet"],
        }
    }
}

const PRICES: &str = "\
def discounted(price, percent):
    \"\"\"The price with the discount taken off.\"\"\"
    return price + price * percent / 100


def total(prices):
    return sum(prices)
";

const PRICES_MENDED: &str = "\
def discounted(price, percent):
    \"\"\"The price with the discount taken off.\"\"\"
    return price - price * percent / 100


def total(prices):
    return sum(prices)
";

const PRICES_DIFF: &str = "\
diff --git a/shop/prices.py b/shop/prices.py
--- a/shop/prices.py
+++ b/shop/prices.py
@@ -1,6 +1,6 @@
 def discounted(price, percent):
     \"\"\"The price with the discount taken off.\"\"\"
-    return price + price * percent / 100
+    return price - price * percent / 100
 
 
 def total(prices):
";

const PRICES_TEST: &str = "\
import unittest

from shop.prices import discounted, total


class Prices(unittest.TestCase):
    def test_a_tenth_off(self):
        self.assertEqual(discounted(200, 10), 180)

    def test_total(self):
        self.assertEqual(total([1, 2, 3]), 6)
";

const LEAP: &str = "\
/// Whether February has 29 days.
pub fn is_leap(year: u32) -> bool {
    year % 4 == 0
}
";

const LEAP_MENDED: &str = "\
/// Whether February has 29 days.
pub fn is_leap(year: u32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}
";

const LEAP_DIFF: &str = "\
--- a/src/lib.rs
+++ b/src/lib.rs
@@ -1,4 +1,4 @@
 /// Whether February has 29 days.
 pub fn is_leap(year: u32) -> bool {
-    year % 4 == 0
+    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
 }
";

const LEAP_TEST: &str = "\
use leap::is_leap;

#[test]
fn every_fourth_year() {
    assert!(is_leap(2024) && !is_leap(2023));
}

#[test]
fn centuries() {
    assert!(!is_leap(1900) && is_leap(2000));
}
";

/// Three stages that do nothing.
pub const NOOP: &str = r#"
[stages.one]
plugin = "builtin:noop"
[stages.two]
plugin = "builtin:noop"
[stages.three]
plugin = "builtin:noop"
[pipelines.default]
stages = ["one", "two", "three"]
"#;

/// Beside them, a pipeline `agent` with an agent's work in the middle.
const AGENT: &str = r#"
[stages.implement]
plugin = "builtin:implement"
[stages.implement.grants]
workspace = "write"
agent = ["*"]
[pipelines.agent]
stages = ["one", "implement", "two", "three"]
"#;

/// A repository without files, with the pipelines `default`, which does nothing, and `agent`, whose agent is this
/// script.
pub fn with_agent(script: &str) -> Repository {
    let repository = Repository::configured(NOOP);
    repository.configure(AGENT);
    let agent = repository.script("agent", script);
    repository.configure(&format!("[agents.mine]\nprofile = \"command\"\ncommand = [\"{agent}\"]\n"));
    repository
}
