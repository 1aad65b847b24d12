//! The built-in stages as WebAssembly bytes.
