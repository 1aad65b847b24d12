//! The threads that guests run on, away from the server's.
//!
//! A guest begins among the quick: most are done before their turn is over, and none of them is to wait behind one that
//! isn't. One that has had its turns goes on among the slow, on threads that give way to everything else.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;

/// Turns among the quick. The first may begin in the middle of a tick, and end at once.
const QUICK_TURNS: u32 = 2;

/// How much the slow threads give way, on the scale of `nice`. They still move when the machine is busy: what they do
/// may be all that a person waits for.
#[cfg(target_os = "linux")]
const GIVES_WAY: i32 = 5;

/// How often a guest had to let others have their turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Arc<AtomicU32>);

impl Turns {
    pub(crate) fn end_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn are_used_up(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= QUICK_TURNS
    }
}

/// How far a guest came on the threads that it was put on.
pub(crate) enum Progress<T> {
    Ended(T),
    /// It isn't done, and belongs among the slow.
    Slow(Pin<Box<dyn Future<Output = T> + Send>>),
}

pub(crate) struct GuestThreads {
    quick: Threads,
    slow: Threads,
}

impl GuestThreads {
    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        let mut slow = Builder::new_multi_thread();
        slow.on_thread_start(give_way);
        Ok(Self {
            quick: Threads::start(Builder::new_multi_thread().thread_name("adw-guest"), threads)?,
            slow: Threads::start(slow.thread_name("adw-guest-slow"), threads)?,
        })
    }

    /// Lets a guest begin. It is dropped with the set, at its next yield.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        set: &mut JoinSet<Progress<T>>,
        turns: Turns,
        guest: impl Future<Output = T> + Send + 'static,
    ) {
        let mut guest = Some(Box::pin(guest));
        let quickly = poll_fn(move |cx| {
            let Some(running) = guest.as_mut() else { return Poll::Pending };
            match running.as_mut().poll(cx) {
                Poll::Ready(ended) => Poll::Ready(Progress::Ended(ended)),
                Poll::Pending if turns.are_used_up() => match guest.take() {
                    Some(rest) => Poll::Ready(Progress::Slow(rest)),
                    None => Poll::Pending,
                },
                Poll::Pending => Poll::Pending,
            }
        });
        set.spawn_on(quickly, &self.quick.handle);
    }

    /// Lets a guest go on that has used up its turns among the quick.
    pub(crate) fn go_on<T: Send + 'static>(
        &self,
        set: &mut JoinSet<Progress<T>>,
        rest: Pin<Box<dyn Future<Output = T> + Send>>,
    ) {
        set.spawn_on(async move { Progress::Ended(rest.await) }, &self.slow.handle);
    }

    /// Where work is done that nobody else should wait for, like compiling.
    pub(crate) fn slow(&self) -> &Handle {
        &self.slow.handle
    }
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

/// Makes the calling thread one that gives way. On Linux a priority belongs to a thread; elsewhere to the whole process.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, GIVES_WAY) {
        tracing::warn!(%error, "threads for long-running plugins can't be made to give way");
    }
}
