//! A live table of all workflows.
//!
//! [`board`] keeps the rows as the feed tells them; [`table`] lays them out for a terminal of some size; [`screen`] is
//! that terminal, and left as it was found; [`live`] brings the three together.

mod board;
mod live;
mod screen;
mod table;

pub(crate) use board::{Board, Told};
pub(crate) use live::watch;
