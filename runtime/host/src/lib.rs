//! The WebAssembly host: plugins, their calls, and the layers that answer them.

mod bytes;
mod call;
pub mod capability;
mod digest;
mod effects;

pub use bytes::Bytes;
pub use call::{Answer, Call, CallError, DecodeError, Recording, Reply, decode_answer, encode_answer};
pub use capability::Capability;
pub use digest::{NotASha256, Sha256};
pub use effects::{Effects, Stop, Suspension, Waiting};
