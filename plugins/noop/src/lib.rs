//! The built-in noop stage.
