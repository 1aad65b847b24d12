//! The marks by which a family of processes is known.

use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

const RUN: &str = "ADW_RUN";
const WORKFLOW: &str = "ADW_ID";
const SERVER: &str = "ADW_RUNTIME";

/// For whom a program runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// Tells this runtime from others on the machine, before and after a restart: made of its data folder.
    pub server: String,
    /// The workflow.
    pub adw_id: String,
}

/// The mark of one run: what is started within it bears it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunMark(String);

/// `NAME=value`, as it stands in a process's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

impl Mark {
    fn new(name: &'static str, value: &str) -> Self {
        Self { name, value: value.to_owned() }
    }

    /// Whether an environment, as the kernel shows it, bears this mark.
    pub(crate) fn is_in(&self, environment: &[u8]) -> bool {
        environment.split(|byte| *byte == 0).any(|variable| {
            let rest = variable.strip_prefix(self.name.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
            rest == Some(self.value.as_bytes())
        })
    }
}

/// The marks of one run of a program.
#[derive(Debug, Clone)]
pub(crate) struct RunMarks {
    pub(crate) run: Mark,
    pub(crate) owner: [Mark; 2],
}

impl RunMark {
    /// The mark of the run that a folder is of. It follows from the folder alone, so that the family of a run is known
    /// even where nothing could be read of it.
    pub(crate) fn of(folder: &Path) -> Self {
        Self(folder.to_string_lossy().into_owned())
    }

    pub(crate) fn as_mark(&self) -> Mark {
        Mark::new(RUN, &self.0)
    }
}

impl RunMarks {
    pub(crate) fn new(owner: &Owner) -> Self {
        Self::of(owner, &RunMark(Uuid::new_v4().to_string()))
    }

    pub(crate) fn of(owner: &Owner, run: &RunMark) -> Self {
        Self { run: run.as_mark(), owner: owner.marks() }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Mark> {
        self.owner.iter().chain([&self.run])
    }
}

impl Owner {
    pub(crate) fn mark_of(server: &str) -> Mark {
        Mark::new(SERVER, server)
    }

    pub(crate) fn marks(&self) -> [Mark; 2] {
        [Self::mark_of(&self.server), Mark::new(WORKFLOW, &self.adw_id)]
    }
}

#[cfg(test)]
mod tests {
    use super::Mark;

    #[test]
    fn a_mark_is_a_whole_variable() {
        let mark = Mark::new("ADW_ID", "a1");
        assert!(mark.is_in(b"PATH=/bin\0ADW_ID=a1\0"));
        assert!(mark.is_in(b"ADW_ID=a1"));
        for other in [&b"ADW_ID=a12\0"[..], b"XADW_ID=a1\0", b"ADW_ID\0a1\0", b"ADW_ID=\0", b""] {
            assert!(!mark.is_in(other), "{}", String::from_utf8_lossy(other));
        }
    }
}
