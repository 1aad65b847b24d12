//! The built-in test stage.
