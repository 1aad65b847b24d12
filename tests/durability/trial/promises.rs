//! What is promised, held against what clients and agents know.

use std::time::Duration;

use super::{
    ledger::{Ledger, Run},
    task::{Kept, Kind, Task, Told},
};

/// All that is known when the last server has finished.
pub struct Evidence<'a> {
    /// Every task that was handed over, and what there is of it in the end.
    pub settled: &'a [(Task, Option<Kept>)],
    /// How many tasks the server says there are.
    pub listed: u64,
    /// What SQLite says of the database: `ok`.
    pub database: &'a str,
    pub ledger: &'a Ledger,
    /// What an agent's work came to, on the task's branch.
    pub work: &'a dyn Fn(&str) -> String,
    /// How soon servers were ready again, at p99.
    pub ready: Duration,
    pub ready_within: Option<Duration>,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It was acknowledged, and there is nothing of it.
    Lost { adw_id: String },
    /// Nobody handed over so many.
    Invented { tasks: u64 },
    /// It is there, and doesn't come to its end.
    NotEnded { adw_id: String, last: Option<Told> },
    /// It came to another end than it was to, or to several.
    EndedOtherwise { adw_id: String, end: String, errors: Vec<String> },
    /// A stage was completed more than once, or not at all.
    StageNotOnce { adw_id: String, stage: &'static str, times: usize },
    /// An answer was acknowledged, and isn't there; or there are several.
    AnswerNotOnce { adw_id: String, times: usize },
    /// An agent that had ended was asked again, without a new attempt.
    RunRepeated { adw_id: String, times: usize },
    /// The stage completed, and its agent says that it did not.
    RunMissing { adw_id: String },
    /// An agent works for a task that has ended.
    StillAtWork { adw_id: String, process: u32 },
    /// The branch doesn't hold the work, or holds it twice.
    WorkNotOnce { adw_id: String, work: String },
    /// An event's number is missing.
    SeqMissing { adw_id: String, place: Place, seq: u64 },
    /// An event has a number that was another one's.
    SeqReused { adw_id: String, place: Place, seq: u64 },
    /// A client was told what isn't so.
    ToldAndNotKept { adw_id: String, told: Told, kept: Option<Told> },
    /// The database doesn't hold together.
    DatabaseDamaged { found: String },
    /// A server took too long until it was there.
    ReadyTooLate { p99: Duration },
}

/// Where events have their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Feed,
    History,
}

/// All promises that were broken.
pub fn judge(evidence: &Evidence<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (task, kept) in evidence.settled {
        match kept {
            Some(kept) => faults.extend(Judged { task, kept, evidence }.faults()),
            None if task.is_acknowledged => faults.push(Fault::Lost { adw_id: task.adw_id.clone() }),
            None => {}
        }
    }
    let there = evidence.settled.iter().filter(|(_, kept)| kept.is_some()).count() as u64;
    if evidence.listed > there {
        faults.push(Fault::Invented { tasks: evidence.listed - there });
    }
    if evidence.database != "ok" {
        faults.push(Fault::DatabaseDamaged { found: evidence.database.to_owned() });
    }
    if evidence.ready_within.is_some_and(|limit| evidence.ready > limit) {
        faults.push(Fault::ReadyTooLate { p99: evidence.ready });
    }
    faults
}

/// Runs that were begun after one had ended, and that no new attempt asked for.
pub fn repeated(task: &Task, kept: &Kept, ledger: &Ledger) -> usize {
    let attempts = kept.count("stage_started", "work");
    let again = runs(task, ledger).iter().filter(|run| run.is_after_an_end).count();
    again.saturating_sub(attempts.saturating_sub(1))
}

fn runs<'a>(task: &Task, ledger: &'a Ledger) -> &'a [Run] {
    ledger.get(&task.adw_id).map_or(&[], Vec::as_slice)
}

/// One task.
struct Judged<'a> {
    task: &'a Task,
    kept: &'a Kept,
    evidence: &'a Evidence<'a>,
}

impl Judged<'_> {
    fn faults(&self) -> Vec<Fault> {
        let mut faults = self.end();
        // Of what has not come to its end, nothing else is promised.
        if faults.is_empty() {
            faults.extend(self.work());
        }
        faults.extend(numbers(&self.task.adw_id, Place::History, &self.kept.events));
        faults.extend(numbers(&self.task.adw_id, Place::Feed, &self.task.heard));
        faults.extend(self.told());
        faults.extend(self.agents());
        faults
    }

    fn adw_id(&self) -> String {
        self.task.adw_id.clone()
    }

    fn end(&self) -> Vec<Fault> {
        let ends: Vec<_> = self.kept.events.iter().filter(|told| told.is_end()).collect();
        if ends.is_empty() {
            return vec![Fault::NotEnded { adw_id: self.adw_id(), last: self.kept.events.last().cloned() }];
        }
        if ends.len() > 1 || ends[0].event != self.task.kind.end() {
            let end = ends.iter().map(|end| end.event.as_str()).collect::<Vec<_>>().join(", ");
            let errors = self.kept.errors.clone();
            return vec![Fault::EndedOtherwise { adw_id: self.adw_id(), end, errors }];
        }
        let wanted = usize::from(self.task.kind != Kind::Cancelled);
        let stages =
            self.task.kind.stages().iter().map(|stage| (stage, self.kept.count("stage_completed", stage)));
        let not_once = stages.filter(|(_, times)| *times != wanted);
        let mut faults: Vec<_> = not_once
            .map(|(stage, times)| Fault::StageNotOnce { adw_id: self.adw_id(), stage, times })
            .collect();
        let answers = self.kept.count_all("question_answered");
        if answers != usize::from(self.task.kind == Kind::Question) {
            faults.push(Fault::AnswerNotOnce { adw_id: self.adw_id(), times: answers });
        }
        faults
    }

    /// What is not kept was told too early; what is kept and was never told is a number that is missing.
    fn told(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for told in &self.task.heard {
            let kept = self.kept.events.iter().find(|kept| kept.seq == told.seq);
            if kept != Some(told) {
                let (told, kept) = (told.clone(), kept.cloned());
                faults.push(Fault::ToldAndNotKept { adw_id: self.adw_id(), told, kept });
            }
        }
        faults
    }

    fn agents(&self) -> Vec<Fault> {
        let runs = runs(self.task, self.evidence.ledger);
        let mut faults = Vec::new();
        let times = repeated(self.task, self.kept, self.evidence.ledger);
        if times > 0 {
            faults.push(Fault::RunRepeated { adw_id: self.adw_id(), times });
        }
        if let Some(run) = runs.iter().find(|run| run.is_at_work()) {
            faults.push(Fault::StillAtWork { adw_id: self.adw_id(), process: run.process });
        }
        faults
    }

    /// What came of the agents' work.
    fn work(&self) -> Vec<Fault> {
        let wanted = self.task.kind.runs();
        if wanted == 0 {
            return Vec::new();
        }
        let mut faults = Vec::new();
        let runs = runs(self.task, self.evidence.ledger);
        if runs.iter().filter(|run| run.has_ended).count() < wanted {
            faults.push(Fault::RunMissing { adw_id: self.adw_id() });
        }
        let work = (self.evidence.work)(&self.task.adw_id);
        if work.trim_end() != self.task.adw_id {
            faults.push(Fault::WorkNotOnce { adw_id: self.adw_id(), work });
        }
        faults
    }
}

/// Numbers begin with 1 and grow by one.
fn numbers(adw_id: &str, place: Place, events: &[Told]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut next = 1;
    for told in events {
        let (adw_id, seq) = (adw_id.to_owned(), told.seq);
        if seq < next {
            faults.push(Fault::SeqReused { adw_id, place, seq });
            continue;
        }
        if seq > next {
            faults.push(Fault::SeqMissing { adw_id, place, seq: next });
        }
        next = seq + 1;
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::{super::ledger, *};

    const ID: &str = "task";

    /// What is known of one task, of which all is well.
    struct Known {
        task: Task,
        kept: Option<Kept>,
        listed: u64,
        database: &'static str,
        ledger: String,
        work: String,
        ready: Duration,
    }

    impl Known {
        fn of(kind: Kind) -> Self {
            let stages = kind.stages().iter().flat_map(|stage| {
                let asks = (*stage == "ask").then_some(("question_answered", Some(*stage)));
                [Some(("stage_started", Some(*stage))), asks, Some(("stage_completed", Some(*stage)))]
            });
            let worked = stages.flatten().filter(|_| kind != Kind::Cancelled);
            let events = [("task_created", None)].into_iter().chain(worked).chain([(kind.end(), None)]);
            let kept = Kept::of(events);
            let runs = if kind == Kind::Agent { "begin task 7\nend task 7\n" } else { "" };
            let heard = kept.events.clone();
            Self {
                task: Task { is_acknowledged: true, heard, ..Task::new(ID.to_owned(), kind) },
                kept: Some(kept),
                listed: 1,
                database: "ok",
                ledger: runs.to_owned(),
                work: "task\n".to_owned(),
                ready: Duration::from_secs(1),
            }
        }

        fn faults(self) -> Vec<Fault> {
            let settled = [(self.task, self.kept)];
            let (ledger, work) = (ledger::parse(&self.ledger), self.work);
            judge(&Evidence {
                settled: &settled,
                listed: self.listed,
                database: self.database,
                ledger: &ledger,
                work: &|_| work.clone(),
                ready: self.ready,
                ready_within: Some(Duration::from_secs(2)),
            })
        }

        fn history(&mut self) -> &mut Kept {
            self.kept.as_mut().unwrap()
        }

        /// The client has heard what is kept, whatever that is.
        fn heard_all(&mut self) {
            self.task.heard = self.history().events.clone();
        }
    }

    #[test]
    fn nothing_is_found_where_all_is_well() {
        for kind in [Kind::Plain, Kind::Agent, Kind::Question, Kind::Cancelled] {
            assert_eq!(Known::of(kind).faults(), [], "{kind:?}");
        }
    }

    #[test]
    fn what_was_not_acknowledged_may_be_lost() {
        let mut known = Known { kept: None, listed: 0, ..Known::of(Kind::Plain) };
        known.task.is_acknowledged = false;
        assert_eq!(known.faults(), []);
    }

    /// What goes wrong, and what is found then.
    type Case = (Kind, fn(&mut Known), fn(&Fault) -> bool);

    #[test]
    fn whatever_goes_wrong_is_found() {
        let cases: &[Case] = &[
            (
                Kind::Plain,
                |known| (known.kept, known.listed) = (None, 0),
                |fault| matches!(fault, Fault::Lost { .. }),
            ),
            (Kind::Plain, |known| known.listed = 2, |fault| matches!(fault, Fault::Invented { tasks: 1 })),
            (Kind::Plain, |known| known.history().cut(1), |fault| matches!(fault, Fault::NotEnded { .. })),
            (
                Kind::Plain,
                |known| known.history().add("workflow_failed", None),
                |fault| matches!(fault, Fault::EndedOtherwise { .. }),
            ),
            (
                Kind::Plain,
                |known| known.history().add("stage_completed", Some("two")),
                |fault| matches!(fault, Fault::StageNotOnce { stage: "two", times: 2, .. }),
            ),
            (
                Kind::Question,
                |known| known.history().add("question_answered", Some("ask")),
                |fault| matches!(fault, Fault::AnswerNotOnce { times: 2, .. }),
            ),
            (
                Kind::Agent,
                |known| known.ledger += "begin task 8\nend task 8\n",
                |fault| matches!(fault, Fault::RunRepeated { times: 1, .. }),
            ),
            (
                Kind::Agent,
                |known| known.ledger = "begin task 7\n".to_owned(),
                |fault| matches!(fault, Fault::RunMissing { .. }),
            ),
            (
                Kind::Cancelled,
                |known| known.ledger = format!("begin task {}\n", std::process::id()),
                |fault| matches!(fault, Fault::StillAtWork { .. }),
            ),
            (Kind::Agent, |known| known.work += "task\n", |fault| matches!(fault, Fault::WorkNotOnce { .. })),
            (
                Kind::Plain,
                |known| drop(known.task.heard.remove(3)),
                |fault| matches!(fault, Fault::SeqMissing { place: Place::Feed, seq: 4, .. }),
            ),
            (
                Kind::Plain,
                |known| known.task.heard[3].seq = 3,
                |fault| matches!(fault, Fault::SeqReused { place: Place::Feed, seq: 3, .. }),
            ),
            (
                Kind::Plain,
                |known| {
                    known.history().events[3].seq = 3;
                    known.heard_all();
                },
                |fault| matches!(fault, Fault::SeqReused { place: Place::History, seq: 3, .. }),
            ),
            (
                Kind::Plain,
                |known| known.task.heard[3].event = "stage_skipped".to_owned(),
                |fault| matches!(fault, Fault::ToldAndNotKept { .. }),
            ),
            (
                Kind::Plain,
                |known| known.database = "row 7 missing from index",
                |fault| matches!(fault, Fault::DatabaseDamaged { .. }),
            ),
            (
                Kind::Plain,
                |known| known.ready = Duration::from_secs(3),
                |fault| matches!(fault, Fault::ReadyTooLate { .. }),
            ),
        ];
        for (number, (kind, goes_wrong, is_found)) in cases.iter().enumerate() {
            let mut known = Known::of(*kind);
            goes_wrong(&mut known);
            let faults = known.faults();
            assert!(faults.iter().any(is_found), "case {number}: {faults:#?}");
        }
    }
}
