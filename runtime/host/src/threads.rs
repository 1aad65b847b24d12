//! The threads that guests run on, away from the server's.
//!
//! A guest begins among the quick: most are done before their time is over, and none of them is to wait behind one that
//! isn't. One that has used up its time goes on in the background, on threads that have a CPU only while nothing else
//! wants it. Where the machine is so busy that this means never, it goes on among the patient, who have their share of it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;

/// What a guest may use of the quick threads in all: more than most need from beginning to end.
const QUICK: Duration = Duration::from_millis(1);

/// Where a turn in the background takes longer than this, others had the CPU.
const STARVED: Duration = Duration::from_millis(50);

/// How long the machine counts as busy after a guest starved.
const BUSY: Duration = Duration::from_secs(10);

/// How much the patient give way, on the scale of `nice`. What they do may be all that a person waits for.
#[cfg(target_os = "linux")]
const PATIENCE: i32 = 5;

/// The rest of a guest's work.
type Rest<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How far a guest came on the threads that it was put on.
pub(crate) enum Progress<T> {
    Ended(T),
    /// It isn't done, and goes on elsewhere.
    Goes(Rest<T>, Where),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    Background,
    Patient,
}

pub(crate) struct GuestThreads {
    quick: Threads,
    background: Threads,
    patient: Threads,
    last_starved: Mutex<Option<Instant>>,
}

impl GuestThreads {
    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        let start = |name, priority: fn()| {
            let mut builder = Builder::new_multi_thread();
            Threads::start(builder.thread_name(name).on_thread_start(priority), threads)
        };
        Ok(Self {
            quick: start("adw-guest", || {})?,
            background: start("adw-guest-bg", only_where_nothing_else_runs)?,
            patient: start("adw-guest-slow", give_way)?,
            last_starved: Mutex::default(),
        })
    }

    /// Lets a guest begin. It is dropped with the set, at its next yield.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        set: &mut JoinSet<Progress<T>>,
        guest: impl Future<Output = T> + Send + 'static,
    ) {
        let mut used = Duration::ZERO;
        let quickly = until(Box::pin(guest), move |turn| {
            used += turn.ran;
            (used >= QUICK).then_some(Where::Background)
        });
        set.spawn_on(quickly, &self.quick.handle);
    }

    /// Lets a guest go on that isn't done.
    pub(crate) fn go_on<T: Send + 'static>(
        &self,
        set: &mut JoinSet<Progress<T>>,
        rest: Rest<T>,
        place: Where,
    ) {
        if place == Where::Background && !self.is_busy() {
            let in_turns = until(rest, |turn| {
                offer_the_cpu();
                (turn.waited + turn.ran > STARVED).then_some(Where::Patient)
            });
            set.spawn_on(in_turns, &self.background.handle);
            return;
        }
        if place == Where::Patient {
            *self.last_starved.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        set.spawn_on(until(rest, |_| None), &self.patient.handle);
    }

    fn is_busy(&self) -> bool {
        let last_starved = *self.last_starved.lock().unwrap_or_else(PoisonError::into_inner);
        last_starved.is_some_and(|at| at.elapsed() < BUSY)
    }

    /// Where work is done that others should not wait for, like compiling.
    pub(crate) fn patient(&self) -> &Handle {
        &self.patient.handle
    }
}

/// What a guest had of a CPU, from when it had something to do until it had nothing more, or its turn was over.
struct Turn {
    waited: Duration,
    ran: Duration,
}

/// Runs a guest until it ends or, after such a turn, is to go on elsewhere.
fn until<T>(
    guest: Rest<T>,
    mut after: impl FnMut(Turn) -> Option<Where> + Send,
) -> impl Future<Output = Progress<T>> + Send {
    let mut guest = Some(guest);
    let call = Arc::new(Call::now());
    let waker = Waker::from(Arc::clone(&call));
    poll_fn(move |cx| {
        let Some(running) = guest.as_mut() else { return Poll::Pending };
        let (waited, began) = (call.take(), Instant::now());
        call.task.register(cx.waker());
        if let Poll::Ready(ended) = running.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Poll::Ready(Progress::Ended(ended));
        }
        match after(Turn { waited, ran: began.elapsed() })
            .and_then(|place| Some(Progress::Goes(guest.take()?, place)))
        {
            Some(progress) => Poll::Ready(progress),
            None => Poll::Pending,
        }
    })
}

/// When a guest was called upon, for the first time since its last turn. Without a lock, which a thread in the background
/// could be kept from giving back.
struct Call {
    made: Instant,
    /// Microseconds since then, from 1; 0 for none.
    at: AtomicU64,
    task: AtomicWaker,
}

impl Call {
    fn now() -> Self {
        Self { made: Instant::now(), at: AtomicU64::new(1), task: AtomicWaker::new() }
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.made.elapsed().as_micros()).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// How long ago it was called upon, and waits for the next.
    fn take(&self) -> Duration {
        match self.at.swap(0, Ordering::AcqRel) {
            0 => Duration::ZERO,
            at => Duration::from_micros(self.micros().saturating_sub(at)),
        }
    }
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        // One that came before stays.
        let _ = self.at.compare_exchange(0, self.micros(), Ordering::AcqRel, Ordering::Relaxed);
        self.task.wake();
    }
}

/// Offers the CPU to whoever waits for it. The kernel lets a thread keep it until a tick of its clock, up to 4 ms later,
/// even where others of a higher priority wait: measured on Linux 6.18 beside guests that loop, this takes a third to a
/// half off the slowest tasks.
fn offer_the_cpu() {
    std::thread::yield_now();
}

/// A small runtime of its own. What still runs on it when it is dropped is dropped at its next yield.
struct Threads {
    handle: Handle,
    /// Taken when this is dropped, wherever that happens: a runtime that is dropped within another one panics.
    runtime: Option<Runtime>,
}

impl Threads {
    fn start(builder: &mut Builder, threads: usize) -> io::Result<Self> {
        let runtime = builder.worker_threads(threads.max(1)).build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Puts the calling thread behind all others. Elsewhere than on Linux it stays as it is.
fn only_where_nothing_else_runs() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::unix::{
            NormalThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
        };
        use thread_priority::{ThreadPriority, ThreadSchedulePolicy};
        let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy) {
            tracing::warn!(?error, "threads for plugins in the background can't be put behind all others");
        }
    }
}

/// Makes the calling thread one that gives way. On Linux a priority belongs to a thread; elsewhere to the whole process.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, PATIENCE) {
        tracing::warn!(%error, "threads for long-running plugins can't be made to give way");
    }
}
