//! How much memory a guest may have.

use wasmtime::ResourceLimiter;

/// All tables of a guest together may have this many elements.
pub(crate) const TABLE_ELEMENTS: usize = 100_000;

/// A component may consist of this many instances, and have as many tables and memories. Nested components multiply.
const INSTANCES: usize = 1_000;

/// Holds all memories of a guest together to one bound, and ends the guest that wants more: few programs do
/// anything sensible with a failed allocation, and the trap tells what happened.
#[derive(Debug)]
pub(crate) struct MemoryLimiter {
    bound: u64,
    now: u64,
    peak: u64,
    table_elements: usize,
}

/// Why memory was refused; found again in the error that the guest ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OutOfMemory {
    #[error("out of its {0} bytes of memory")]
    Bound(u64),
    #[error("out of its {TABLE_ELEMENTS} table elements")]
    Table,
}

impl MemoryLimiter {
    pub(crate) fn new(bound: u64) -> Self {
        Self { bound, now: 0, peak: 0, table_elements: 0 }
    }

    pub(crate) fn peak(&self) -> u64 {
        self.peak
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self.now.saturating_add(desired.saturating_sub(current) as u64);
        if wanted > self.bound {
            return Err(wasmtime::Error::new(OutOfMemory::Bound(self.bound)));
        }
        self.now = wanted;
        self.peak = self.peak.max(wanted);
        Ok(true)
    }

    /// Growth that this limiter let pass failed all the same: past the memory's own maximum, or the machine's.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self.table_elements.saturating_add(desired.saturating_sub(current));
        if wanted > TABLE_ELEMENTS {
            return Err(wasmtime::Error::new(OutOfMemory::Table));
        }
        self.table_elements = wanted;
        Ok(true)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        INSTANCES
    }
}
