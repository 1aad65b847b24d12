//! The epoch: what makes a guest yield to the others. It moves only while a guest's own code runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Thread;
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// How long a guest keeps its thread while others wait for one, where fuel doesn't end its turn sooner.
const TICK: Duration = Duration::from_millis(2);

/// Moves the epoch of some engines from a thread of its own. The thread ends with the last handle.
///
/// There is no lock: a guest in the background could hold one, and be kept from its CPU by those who wait for it.
#[derive(Clone)]
pub(crate) struct Ticker(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    closed: AtomicBool,
}

/// A guest's own code is running.
pub(crate) struct Running(Arc<Shared>);

impl Ticker {
    /// Starts the thread, which sleeps until a guest runs.
    pub(crate) fn start(engines: &[&Engine]) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let engines: Vec<EngineWeak> = engines.iter().map(|engine| engine.weak()).collect();
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("adw-epoch".to_owned()).spawn(move || {
            while of_thread.wait_for_tick() {
                tick(&engines);
            }
        })?;
        Ok(Self(Arc::new(Handle { shared, thread: thread.thread().clone() })))
    }

    /// Ticks until what it returns is dropped.
    pub(crate) fn run(&self) -> Running {
        // Only the first has to wake the thread, which parks where it finds nobody.
        if self.0.shared.running.fetch_add(1, Ordering::SeqCst) == 0 {
            self.0.thread.unpark();
        }
        Running(Arc::clone(&self.0.shared))
    }
}

fn tick(engines: &[EngineWeak]) {
    for engine in engines.iter().filter_map(EngineWeak::upgrade) {
        engine.increment_epoch();
    }
}

impl Shared {
    /// Waits until a guest runs, and a tick longer. False: it is time to end. To be woken for nothing does no harm.
    fn wait_for_tick(&self) -> bool {
        while self.running.load(Ordering::SeqCst) == 0 && !self.closed.load(Ordering::SeqCst) {
            std::thread::park();
        }
        std::thread::park_timeout(TICK);
        !self.closed.load(Ordering::SeqCst)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}
