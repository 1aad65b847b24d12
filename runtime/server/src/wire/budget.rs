//! What a workflow may spend, and what it has spent, as clients see it.

use adw_core::{Budget, Money, Spent, Timestamp, Usage, Workflow};
use serde::Serialize;
use utoipa::ToSchema;

/// What a workflow may spend, and what it has spent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Budget)]
pub(crate) struct BudgetObject {
    /// `[budget]` of adw.toml, as the workflow is pinned to it.
    limit: LimitObject,
    /// Over all its agents, attempts and retries.
    spent: SpentObject,
}

/// What a workflow may spend; null for as much as it likes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetLimit)]
struct LimitObject {
    /// In US dollars, to a millionth.
    #[schema(value_type = Option<f64>, required)]
    cost_usd: Option<Money>,
    /// Read and written by agents.
    #[schema(required)]
    tokens: Option<u64>,
    /// In milliseconds.
    #[schema(required)]
    wall_ms: Option<u64>,
}

/// What a workflow has spent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetSpent)]
struct SpentObject {
    /// As far as its agents say so; in US dollars, to a millionth.
    #[schema(value_type = f64)]
    cost_usd: Money,
    /// As far as its agents say so.
    tokens: u64,
    /// In milliseconds, until `wall_since` where that is given: without what it has waited for people, or was paused.
    wall_ms: u64,
    /// Since when more is added to `wall_ms`; null while nothing is.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    wall_since: Option<Timestamp>,
}

impl BudgetObject {
    pub(crate) fn of(workflow: &Workflow) -> Self {
        let Budget { cost_usd, tokens, wall_ms } = workflow.pipeline.budget;
        let limit = LimitObject { cost_usd, tokens, wall_ms };
        let Spent { usage: Usage { cost_usd, tokens }, wall_ms, wall_since } = workflow.spent;
        Self { limit, spent: SpentObject { cost_usd, tokens, wall_ms, wall_since } }
    }
}
