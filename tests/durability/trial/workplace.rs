//! Where the tasks are done: pipelines, and the scripts that play agents.

use crate::support::{repository::Repository, samples::NOOP};

/// What the agents work on.
pub const WORK: &str = "work.txt";

/// What the agents write down themselves: in this file beside the repository, a line when a run begins and one when it
/// ends, each with the task's id and the run's process.
pub const LEDGER: &str = "ledger";

/// What every agent does first. Its worktree has the task's name.
const BEGIN: &str = r#"
cat > /dev/null
here=$(dirname "$0")
task=${PWD##*/}
echo "begin $task $$" >> "$here/ledger"
"#;

/// Adds a line to the work, as soon as the disk takes it. Some take their time, and say more than a row of the journal holds.
const QUICK: &str = r#"
case $(($$ % 4)) in 0) sleep 0.3 ;; esac
case $(($$ % 2)) in 0) head -c 100000 /dev/zero | tr '\0' x ;; esac
until echo "$task" >> work.txt; do sleep 0.05; done
echo "end $task $$" >> "$here/ledger"
"#;

/// Achieves nothing the first time.
const FLAKY: &str = r#"
if [ -e "$here/failed.$task" ]; then until echo "$task" >> work.txt; do sleep 0.05; done; fi
: > "$here/failed.$task"
echo "end $task $$" >> "$here/ledger"
"#;

/// Never ends by itself in the time of a test.
const SLOW: &str = r#"
sleep 300
echo "end $task $$" >> "$here/ledger"
"#;

const CONFIGURATION: &str = r#"
[stages.work]
plugin = "builtin:implement"
[stages.work.retry]
attempts = 100
backoff = "20ms..200ms"
on = ["empty_diff", "unavailable"]
[stages.work.grants]
workspace = "write"
agent = ["*"]
[stages.ask]
plugin = "builtin:gate"
[pipelines.work]
stages = ["work", "one"]
[pipelines.ask]
stages = ["ask", "one"]
"#;

pub fn repository() -> Repository {
    let repository = Repository::configured(NOOP);
    repository.configure(CONFIGURATION);
    for (name, does) in [("quick", QUICK), ("flaky", FLAKY), ("slow", SLOW)] {
        let script = repository.script(name, &format!("{BEGIN}{does}"));
        repository.configure(&format!("[agents.{name}]\nprofile = \"command\"\ncommand = [\"{script}\"]\n"));
    }
    repository
}
