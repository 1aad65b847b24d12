//! Waiting until there is something to read from a handle of the system.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

#[expect(
    deprecated,
    reason = "the newer constructor is unsafe for types whose descriptor may change or be closed under it; an OwnedFd's can't"
)]
pub(crate) fn readable(handle: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(handle, Interest::READABLE)
}
