//! What holds for the events of every workflow.

use std::collections::{BTreeMap, BTreeSet};

use adw_core::{Event, Recorded, StageName, Workflow, fold};

use crate::campaign::Agreed;

/// They have each number once, give the workflow, and no attempt begins or ends twice.
pub fn holds(events: &[Recorded], workflow: &Workflow) -> Agreed {
    if !events.iter().map(|event| event.seq).eq(1..=workflow.seq) {
        return Err("its events are not numbered from 1".to_owned());
    }
    if fold(events).map_err(|error| error.to_string())?.as_ref() != Some(workflow) {
        return Err("its events don't give it".to_owned());
    }
    let mut begun: BTreeMap<&StageName, u32> = BTreeMap::new();
    let mut ended = BTreeSet::new();
    for Recorded { event, .. } in events {
        match event {
            Event::StageStarted { stage, attempt, .. } => {
                let before = begun.insert(stage, *attempt).unwrap_or(0);
                if *attempt != before + 1 {
                    return Err(format!("attempt {attempt} of {stage} comes after attempt {before}"));
                }
            }
            Event::StageCompleted { stage, attempt, .. }
            | Event::StageSkipped { stage, attempt, .. }
            | Event::StageAttemptFailed { stage, attempt, .. }
            | Event::StageReworked { stage, attempt, .. }
            | Event::StageFailed { stage, attempt, .. }
                if begun.get(stage) != Some(attempt) || !ended.insert((stage, attempt)) =>
            {
                return Err(format!("attempt {attempt} of {stage} was not under way when it ended"));
            }
            Event::StageResumed { stage, attempt }
                if begun.get(stage) != Some(attempt) || ended.contains(&(stage, attempt)) =>
            {
                return Err(format!("attempt {attempt} of {stage} goes on after its end"));
            }
            _ => {}
        }
    }
    Ok(())
}
