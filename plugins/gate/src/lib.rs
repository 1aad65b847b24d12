//! The built-in `gate` stage: a person looks at what has been done so far, and says whether it goes on.

use adw_plugin_sdk::prelude::*;

/// `[stages.<name>.config]`.
#[config]
#[derive(Debug, Clone, Default)]
#[serde(default)]
pub struct Config {
    /// What is asked; without it, whether the work so far is good.
    question: Option<String>,
}

/// What later stages read.
#[data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// What was asked.
    pub question: String,
}

const APPROVE: &str = "approve";
const REWORK: &str = "rework";
const REJECT: &str = "reject";

/// Asks a person whether the work goes on.
#[stage]
pub fn gate(cx: &Cx, config: Config) -> StageResult<Approval> {
    let question = config.question.unwrap_or_else(|| so_far(cx));
    let decision = cx.human().ask(&question).choices([APPROVE, REWORK, REJECT]).wait()?;
    match decision.as_str() {
        APPROVE => Ok(Outcome::done("a person approved it", Approval { question })),
        REWORK => {
            let feedback = cx.human().ask("What is to be done differently?").wait()?;
            let feedback = feedback.as_str().map_or_else(|| feedback.to_string(), str::to_owned);
            Err(Failure::rework(feedback))
        }
        _ => Err(Failure::fatal("a person rejected it")),
    }
}

/// The task, and what each stage says that it did.
fn so_far(cx: &Cx) -> String {
    let question = format!("Is the work on {:?} good?", cx.task().title);
    cx.all_earlier().iter().fold(question, |question, earlier| {
        format!("{question}\n- {}: {}", earlier.stage, beginning(&earlier.summary))
    })
}

/// As much of a summary as a question has room for: the host takes none of more than 64 KiB, and `adw show` has all of it.
fn beginning(summary: &str) -> String {
    const LONGEST: usize = 1024;
    let cut = summary.floor_char_boundary(LONGEST);
    if cut == summary.len() { summary.to_owned() } else { format!("{}…", &summary[..cut]) }
}

#[cfg(test)]
mod tests {
    use adw_plugin_sdk::TaskKind;

    use super::*;

    #[test]
    fn who_approves_lets_it_go_on() {
        let run = TestHost::new()
            .task(TaskKind::Bug, "Fix the sum", "")
            .human("approve")
            .run(gate, Config::default());
        assert_eq!(run.summary(), "a person approved it");
        assert_eq!(run.data().question, "Is the work on \"Fix the sum\" good?");
    }

    #[test]
    fn who_wants_it_reworked_is_asked_what_is_wrong() {
        let host = TestHost::new().human("rework").human("Handle zero too.");
        let run = host.run(gate, Config { question: Some("Ready?".to_owned()) });
        assert_eq!(*run.failure(), Failure::rework("Handle zero too."));
    }

    #[test]
    fn of_a_long_summary_the_beginning_is_shown() {
        assert_eq!(beginning("It works."), "It works.");
        let long = "ö".repeat(40_000);
        assert_eq!(beginning(&long), format!("{}…", "ö".repeat(512)));
    }

    #[test]
    fn who_rejects_ends_it() {
        let run = TestHost::new().human("reject").run(gate, Config::default());
        assert_eq!(*run.failure(), Failure::fatal("a person rejected it"));
    }
}
