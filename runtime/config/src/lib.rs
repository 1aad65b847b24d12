//! adw.toml read into checked values.
