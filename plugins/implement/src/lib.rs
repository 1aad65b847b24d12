//! The built-in implement stage.
