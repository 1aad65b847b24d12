//! The marks by which a family of processes is known.

use uuid::Uuid;

const RUN: &str = "ADW_RUN";
const WORKFLOW: &str = "ADW_ID";
const SERVER: &str = "ADW_RUNTIME";

/// For whom a program runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Tells this runtime from others on the machine, before and after a restart: made of its data folder.
    pub server: String,
    /// The workflow.
    pub adw_id: String,
}

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

impl RunMarks {
    pub(crate) fn new(owner: &Owner) -> Self {
        Self { run: Mark::new(RUN, &Uuid::new_v4().to_string()), owner: owner.marks() }
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
