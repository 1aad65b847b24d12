//! Git worktrees, checkpoints and diffs.
