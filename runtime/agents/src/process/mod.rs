//! Processes: how a program's whole family is known, run and brought to an end.
//!
//! Killing a process group is not enough: agents start sessions of their own, and daemons leave their parents. So
//! every program is started with a mark in its environment, which its descendants inherit. A family is whoever bears
//! the mark, whoever descends from one that does, and whoever is in the program's process group; each is known by pid
//! *and* start time, and signalled through a pidfd, so that no stranger who got the number later is hit. A daemon that
//! wipes its environment *and* leaves its session *and* outlives its parent before anyone looks escapes this, but not a
//! supervisor, whose descendant it stays.

pub(crate) mod capture;
pub(crate) mod environment;
pub(crate) mod ladder;
pub(crate) mod lines;
pub(crate) mod mark;
pub(crate) mod run;
pub(crate) mod sweep;
pub(crate) mod table;
