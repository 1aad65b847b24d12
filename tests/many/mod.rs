//! A crowd of tasks, and what is held against it.

pub mod burst;
pub mod memory;
pub mod order;
pub mod waiting;
