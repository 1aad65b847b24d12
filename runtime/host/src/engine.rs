//! wasmtime, set up so that guests are bounded and run alike every time.

use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig, Store, WasmBacktraceDetails, WasmFeatures};

use crate::guest::Guest;
use crate::limiter::TABLE_ELEMENTS;

/// Fuel is what bounds a guest's CPU: the epoch is wall clock, and would count the minutes of an agent call.
/// A millisecond of CPU burns about this much.
const FUEL_A_MILLISECOND: u64 = 15_000_000;
/// After this much a guest lets others go on. It needs no clock, and so no other thread that finds a free CPU in time;
/// the epoch is for what takes long and burns little, like touching new memory.
const FUEL_A_TURN: u64 = FUEL_A_MILLISECOND / 4;

pub(crate) const WASM_STACK: usize = 1 << 20;
/// Host functions run on what is left of this; overflowing it would abort the process.
const ASYNC_STACK: usize = 4 << 20;
/// What a guest may pass in one call. More than the largest thing that an interface takes, so that passing that
/// bound is an error to the guest and not a trap.
pub(crate) const BYTES_A_CALL: usize = 24 << 20;
const HANDLES: usize = 1_000;

/// What one component may consist of to fit a slot of the pool: what wit-component makes of one core module is
/// four instances and two tables.
const CORE_INSTANCES: u32 = 16;
const MEMORIES: u32 = 2;
const TABLES: u32 = 6;

/// Kept of a slot's memory for its next guest, where the kernel can tell which pages are in use, and where not.
const KEPT_WITH_SCAN: usize = 1 << 20;
const KEPT_WITHOUT_SCAN: usize = 64 << 10;
const KEPT_OF_TABLES: usize = 64 << 10;
/// Slots that stay as their last guest left them, for the next of the same kind.
const WARM_SLOTS: u32 = 16;

/// Two ways to find memory for a guest. What is compiled for one runs on the other.
pub(crate) struct Engines {
    /// Slots that are reserved beforehand: three times as fast. None where the address space can't be reserved.
    pub(crate) pooled: Option<Engine>,
    /// For guests that fit no slot.
    pub(crate) on_demand: Engine,
}

impl Engines {
    pub(crate) fn new(slots: u32) -> wasmtime::Result<Self> {
        let on_demand = Engine::new(&config())?;
        let pooled = match Engine::new(config().allocation_strategy(pool(slots))) {
            Ok(engine) => Some(engine),
            Err(error) => {
                tracing::warn!(%error, slots, "no address space for a pool of guests: each allocates its own, which is slower");
                None
            }
        };
        Ok(Self { pooled, on_demand })
    }

    pub(crate) fn all(&self) -> Vec<&Engine> {
        self.pooled.iter().chain([&self.on_demand]).collect()
    }
}

fn config() -> Config {
    let mut config = Config::new();
    // Bounds.
    config.consume_fuel(true);
    config.epoch_interruption(true);
    config.max_wasm_stack(WASM_STACK);
    config.async_stack_size(ASYNC_STACK);
    // The same every time, on every machine. Multi-memory stays: wasmtime's own adapters use it.
    config.cranelift_nan_canonicalization(true);
    config.relaxed_simd_deterministic(true);
    config.shared_memory(false);
    let left_out = WasmFeatures::THREADS
        | WasmFeatures::SHARED_EVERYTHING_THREADS
        | WasmFeatures::MEMORY64
        | WasmFeatures::GC
        | WasmFeatures::STACK_SWITCHING
        | WasmFeatures::CM_ASYNC;
    config.wasm_features(left_out, false);
    // Names of functions are enough; otherwise a variable of the environment would decide.
    config.wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}

fn pool(slots: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_stacks(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES))
        .total_memories(slots.saturating_mul(MEMORIES))
        .total_tables(slots.saturating_mul(TABLES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .table_keep_resident(KEPT_OF_TABLES)
        .max_unused_warm_slots(WARM_SLOTS);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(KEPT_WITH_SCAN);
    } else {
        pool.linear_memory_keep_resident(KEPT_WITHOUT_SCAN);
    }
    pool
}

/// The fuel that stands for this much CPU time.
pub(crate) fn fuel(cpu_ms: u64) -> u64 {
    cpu_ms.saturating_mul(FUEL_A_MILLISECOND)
}

/// The CPU time that this much fuel stands for, rounded up.
pub(crate) fn cpu_ms(fuel: u64) -> u64 {
    fuel.div_ceil(FUEL_A_MILLISECOND)
}

/// A store for one attempt, with its bounds set. What bounds memory is in the guest.
pub(crate) fn store(engine: &Engine, guest: Guest, fuel: u64) -> wasmtime::Result<Store<Guest>> {
    let mut store = Store::new(engine, guest);
    store.limiter(|guest| &mut guest.memory);
    store.set_fuel(fuel)?;
    store.fuel_async_yield_interval(Some(FUEL_A_TURN))?;
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store.set_hostcall_fuel(BYTES_A_CALL);
    store.set_max_component_handles(HANDLES);
    Ok(store)
}
