//! What the engine and its store refuse, as problems.

use adw_core::{Refusal, Status};
use adw_engine::{AnswerError, CommandError, CreateError};
use adw_store::StoreError;
use serde_json::{Value, json};

use super::{Kind, Problem};

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Invalid { field, message } => Self::fault(format!("/{field}"), message),
            CreateError::Taken(_) => Self::new(Kind::AdwIdTaken, error.to_string()),
            CreateError::QueueFull { limit } => {
                Self::new(Kind::QueueFull, error.to_string()).with_details(json!({ "limit": limit }))
            }
            CreateError::Stopping => Self::new(Kind::Stopping, error.to_string()),
            CreateError::Store(error) => error.into(),
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Invalid { field, message } => Self::fault(format!("/{field}"), message),
            AnswerError::NothingDone { ref worktree } | AnswerError::WorktreeGone { ref worktree, .. } => {
                Self::new(Kind::NothingDone, error.to_string()).with_details(json!({ "worktree": worktree }))
            }
            AnswerError::Command(error) => error.into(),
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound(ref adw_id) => {
                let detail = format!("{error}: GET /api/v1/workflows lists those that there are");
                Self::new(Kind::WorkflowNotFound, detail).with_details(json!({ "adw_id": adw_id }))
            }
            CommandError::Stale { expected, actual } => Self::new(Kind::StaleVersion, error.to_string())
                .with_details(json!({ "expected": expected, "actual": actual })),
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::Stopping => Self::new(Kind::Stopping, error.to_string()),
            CommandError::Store(error) => error.into(),
            CommandError::Unreadable { .. } => Self::new(Kind::ResultUnreadable, error.to_string()),
            CommandError::BranchGone { ref branch, .. } => {
                Self::new(Kind::BranchGone, error.to_string()).with_details(json!({ "branch": branch }))
            }
            CommandError::Broken { .. } => {
                let text = error.to_string();
                Self::new(Kind::WorkflowBroken, text.clone()).with_cause(text)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.to_string();
        match refusal {
            Refusal::Taken(_) => Self::new(Kind::AdwIdTaken, text),
            Refusal::IllegalMove { from, to } => {
                Self::new(Kind::IllegalMove, text).with_details(moves(from, Some(to)))
            }
            Refusal::StageOfEnded(from) | Refusal::NothingToPause(from) => {
                Self::new(Kind::IllegalMove, text).with_details(moves(from, None))
            }
            Refusal::NoSuchStage { asked, stages } => {
                Self::new(Kind::NoSuchStage, text).with_details(json!({ "asked": asked, "stages": stages }))
            }
            Refusal::Unfit(_) => {
                let detail = format!(
                    "{text}; or POST …/retry with \"configuration\": \"pinned\", by the adw.toml that it went by before"
                );
                Self::new(Kind::ConfigurationUnfit, detail).with_details(json!({ "reason": text }))
            }
            Refusal::OverBudget(_) => Self::new(Kind::OverBudget, text),
            Refusal::NothingAsked => Self::new(Kind::NothingAsked, text),
            Refusal::NothingToStart | Refusal::StaleAttempt { .. } => Self::new(Kind::Conflict, text),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::Taken(_) => Self::new(Kind::AdwIdTaken, text),
            StoreError::Conflict { .. } => Self::new(Kind::Conflict, text),
            StoreError::Damaged(_) => {
                let detail = "the database is damaged: stop the server and look at its log";
                Self::new(Kind::StoreDamaged, detail).with_cause(text)
            }
            StoreError::Unavailable(_) => Self::new(Kind::StoreUnavailable, text.clone()).with_cause(text),
            _ => {
                let detail = "the database is not available: try again; the server's log tells why";
                Self::new(Kind::StoreUnavailable, detail).with_cause(text)
            }
        }
    }
}

fn moves(from: Status, to: Option<Status>) -> Value {
    json!({ "from": from, "to": to, "legal": from.moves() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_learns_why_the_database_is_not_available() {
        let full = StoreError::Unavailable("database or disk is full".to_owned());
        let document = Problem::from(CreateError::Store(full)).document("trace");
        assert_eq!((document.status, document.code.as_str()), (503, "store_unavailable"));
        assert!(document.detail.contains("database or disk is full"), "{}", document.detail);
    }
}
