//! One run of a program, from its start until nothing of it lives.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command as Builder};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::exec::{Captured, Command, Exit, LineSink, Output, Stdin, Stream};
use crate::process::capture::{self, Capture};
use crate::process::ladder::{self, AT_ONCE, LEFT_BEHIND, Rung, STOP};
use crate::process::lines::Lines;
use crate::process::mark::RunMarks;
use crate::process::table::{Family, ProcessId};

/// How long output is waited for once nobody who could write it is known to live.
const DRAIN: Duration = Duration::from_secs(1);
const PIECE: usize = 16 * 1024;

/// Starts the program in a process group of its own.
pub(crate) async fn spawn(command: &Command, marks: &RunMarks) -> io::Result<Child> {
    let mut builder = Builder::new(&command.program);
    builder
        .args(&command.args)
        .current_dir(&command.cwd)
        .env_clear()
        .envs(command.env.variables())
        .envs(marks.all().map(|mark| (mark.name, &mark.value)))
        .stdin(match command.stdin {
            Stdin::Null => Stdio::null(),
            Stdin::Bytes(_) => Stdio::piped(),
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut tries = 0;
    loop {
        match builder.spawn() {
            // A program that was just written: a process that was started in that instant still has it open.
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < 10 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            other => return other,
        }
    }
}

/// The process that a child is, as long as it wasn't asked for its exit.
pub(crate) fn leader(child: &Child) -> Option<ProcessId> {
    child.id().and_then(ProcessId::of)
}

/// Hears what a program writes, as it comes.
pub(crate) trait Hear: Send {
    /// The next piece of a stream.
    fn piece(&mut self, stream: Stream, piece: &[u8]);

    /// Nothing more comes.
    fn end(&mut self);
}

/// Passes on by the line what it hears.
pub(crate) struct ByLine<'a> {
    stdout: Lines,
    stderr: Lines,
    on_line: LineSink<'a>,
}

impl<'a> ByLine<'a> {
    pub(crate) fn new(on_line: LineSink<'a>) -> Self {
        Self { stdout: Lines::default(), stderr: Lines::default(), on_line }
    }
}

impl Hear for ByLine<'_> {
    fn piece(&mut self, stream: Stream, piece: &[u8]) {
        let lines = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        lines.push(piece, &mut |line| (self.on_line)(stream, line));
    }

    fn end(&mut self) {
        self.stdout.finish(&mut |line| (self.on_line)(Stream::Stdout, line));
        self.stderr.finish(&mut |line| (self.on_line)(Stream::Stderr, line));
    }
}

/// What a program is stopped for, but for somebody's wish.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) timeout: Option<Duration>,
    pub(crate) silence: Option<Duration>,
}

/// Longer than any program runs.
const NEVER: Duration = Duration::from_hours(24 * 365);

/// Sees a started program through to its end, and its family with it.
pub(crate) async fn see_through(
    mut child: Child,
    family: Family,
    input: Stdin,
    limits: Limits,
    cancel: &CancellationToken,
    hear: &mut dyn Hear,
) -> io::Result<Output> {
    let guard = Guard { leader: leader(&child), family };
    let began = Instant::now();
    let mut stdout = Pipe::new(child.stdout.take(), Stream::Stdout);
    let mut stderr = Pipe::new(child.stderr.take(), Stream::Stderr);
    let feeding = feed(child.stdin.take(), input);
    tokio::pin!(feeding);
    let mut fed = false;
    let mut status: Option<ExitStatus> = None;
    let mut stopped: Option<Exit> = None;
    let mut ending = Ending::NotYet;
    let deadline = tokio::time::sleep(limits.timeout.unwrap_or(NEVER));
    tokio::pin!(deadline);
    let longest_silence = limits.silence.unwrap_or(NEVER);
    let mut heard = Instant::now();
    let quiet = tokio::time::sleep_until(heard + longest_silence);
    tokio::pin!(quiet);
    let drained = tokio::time::sleep(Duration::ZERO);
    tokio::pin!(drained);
    while !(ending.is_over() && stdout.is_closed() && stderr.is_closed() && status.is_some()) {
        let may_stop = status.is_none() && stopped.is_none();
        tokio::select! {
            piece = stdout.next() => if stdout.take(&piece, hear) { heard = Instant::now() },
            piece = stderr.next() => if stderr.take(&piece, hear) { heard = Instant::now() },
            () = &mut feeding, if !fed => fed = true,
            ended = child.wait(), if status.is_none() => {
                status = Some(ended?);
                ending.begin(&guard, LEFT_BEHIND);
            }
            () = cancel.cancelled(), if may_stop => {
                stopped = Some(Exit::Cancelled);
                ending.begin(&guard, STOP);
            }
            () = &mut deadline, if may_stop && limits.timeout.is_some() => {
                stopped = Some(Exit::TimedOut);
                ending.begin(&guard, STOP);
            }
            // Set for what may be too long by then, and not moved with every piece.
            () = &mut quiet, if may_stop && limits.silence.is_some() => {
                let until = heard + longest_silence;
                if until > Instant::now() {
                    quiet.as_mut().reset(until);
                } else {
                    stopped = Some(Exit::Silent);
                    ending.begin(&guard, STOP);
                }
            }
            () = ending.wait(), if ending.is_under_way() => {
                drained.as_mut().reset(Instant::now() + DRAIN);
            }
            () = &mut drained, if ending.is_over() => break,
        }
    }
    guard.disarm();
    hear.end();
    let exit = stopped.or_else(|| status.map(exit_of)).unwrap_or(Exit::Signal(0));
    let (stdout, stderr, duration) = (stdout.finish(), stderr.finish(), began.elapsed());
    Ok(Output { exit, stdout, stderr, duration, shortened: None })
}

fn exit_of(status: ExitStatus) -> Exit {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    }
}

/// Writes the input and closes the pipe.
async fn feed(stdin: Option<ChildStdin>, input: Stdin) {
    if let (Some(mut stdin), Stdin::Bytes(bytes)) = (stdin, input) {
        // A program that doesn't read its input, or not all of it, is none that failed.
        let _unread = stdin.write_all(&bytes).await;
    }
}

/// Whether the family is being brought to its end.
enum Ending {
    NotYet,
    UnderWay(JoinHandle<usize>),
    Over,
}

impl Ending {
    fn begin(&mut self, guard: &Guard, rungs: &'static [Rung]) {
        if matches!(self, Self::NotYet) {
            let mut family = guard.family.clone();
            *self = Self::UnderWay(tokio::task::spawn_blocking(move || ladder::descend(&mut family, rungs)));
        }
    }

    async fn wait(&mut self) {
        if let Self::UnderWay(descent) = self {
            if let Err(error) = descent.await {
                tracing::error!(%error, "a stop was broken off");
            }
            *self = Self::Over;
        }
    }

    fn is_under_way(&self) -> bool {
        matches!(self, Self::UnderWay(_))
    }

    fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }
}

/// Ends the family when the run is dropped before it was seen through.
struct Guard {
    leader: Option<ProcessId>,
    family: Family,
}

impl Guard {
    fn disarm(mut self) {
        self.leader = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            let mut family = self.family.clone();
            // The first goes now, in case this process itself is about to end; the rest takes a moment.
            leader.signal(rustix::process::Signal::KILL);
            std::thread::spawn(move || ladder::descend(&mut family, AT_ONCE));
        }
    }
}

/// One of the program's output streams.
struct Pipe<R> {
    reader: Option<R>,
    piece: Box<[u8]>,
    stream: Stream,
    capture: Capture,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(reader: Option<R>, stream: Stream) -> Self {
        let piece = vec![0; PIECE].into_boxed_slice();
        Self { reader, piece, stream, capture: Capture::new(capture::LIMIT) }
    }

    fn is_closed(&self) -> bool {
        self.reader.is_none()
    }

    /// The length of the next piece; never, once the stream is closed.
    async fn next(&mut self) -> io::Result<usize> {
        match &mut self.reader {
            Some(reader) => reader.read(&mut self.piece).await,
            None => std::future::pending().await,
        }
    }

    /// Whether anything came.
    fn take(&mut self, piece: &io::Result<usize>, hear: &mut dyn Hear) -> bool {
        let Ok(length @ 1..) = piece else {
            self.reader = None;
            return false;
        };
        let piece = &self.piece[..*length];
        self.capture.push(piece);
        hear.piece(self.stream, piece);
        true
    }

    fn finish(self) -> Captured {
        let (bytes, cut) = self.capture.finish();
        Captured { bytes, cut }
    }
}
