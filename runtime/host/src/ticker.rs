//! The epoch: what makes a guest yield to the others. It moves only while a guest's own code runs.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// How long a guest keeps its thread while others wait for one, where fuel doesn't end its turn sooner.
const TICK: Duration = Duration::from_millis(2);

/// Moves the epoch of some engines from a thread of its own. The thread ends with the last handle.
#[derive(Clone)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    /// Only handles hold this: when the thread is the last to know the state, it goes.
    _alive: Arc<Alive>,
}

struct Alive(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    running: usize,
    idle: bool,
    closed: bool,
}

/// A guest's own code is running.
pub(crate) struct Running(Arc<Shared>);

impl Ticker {
    /// Starts the thread, which sleeps until a guest runs.
    pub(crate) fn start(engines: &[&Engine]) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let engines: Vec<EngineWeak> = engines.iter().map(|engine| engine.weak()).collect();
        let of_thread = Arc::clone(&shared);
        std::thread::Builder::new().name("adw-epoch".to_owned()).spawn(move || {
            while of_thread.wait_for_tick() {
                tick(&engines);
            }
        })?;
        Ok(Self { _alive: Arc::new(Alive(Arc::clone(&shared))), shared })
    }

    /// Ticks until what it returns is dropped.
    pub(crate) fn run(&self) -> Running {
        let mut state = self.shared.lock();
        state.running += 1;
        if state.idle {
            self.shared.changed.notify_one();
        }
        Running(Arc::clone(&self.shared))
    }
}

fn tick(engines: &[EngineWeak]) {
    for engine in engines.iter().filter_map(EngineWeak::upgrade) {
        engine.increment_epoch();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a guest runs, and a tick longer. False: it is time to end.
    fn wait_for_tick(&self) -> bool {
        let mut state = self.lock();
        while state.running == 0 && !state.closed {
            state.idle = true;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.idle = false;
        let (state, _) = self
            .changed
            .wait_timeout_while(state, TICK, |state| !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_one();
    }
}
