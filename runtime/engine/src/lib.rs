//! The only place where things happen in order: queue, timers, runs of stages and recovery.
