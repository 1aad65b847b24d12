//! The built-in plan stage.
