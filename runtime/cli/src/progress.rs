//! The last line of a terminal while something goes on: how far it is, and what was said last.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use crate::style;
use crate::terminal;

/// How often it moves, to show that the program does.
const TICK: Duration = Duration::from_millis(100);

const LOOK: &str = "{spinner:.cyan} {bar:16.cyan} {pos:>3} %  {prefix:.bold}  {took:.dim}  {wide_msg:.dim}";

/// More of a message fits beside all that on no terminal.
const WIDTH: usize = 160;

/// All such lines. A process has one terminal.
static LINES: LazyLock<MultiProgress> = LazyLock::new(|| MultiProgress::with_draw_target(terminal::target()));

/// Writes something above the lines; every writer to the terminal goes through here.
pub(crate) fn aside<T>(write: impl FnOnce() -> T) -> T {
    LINES.suspend(write)
}

/// How far something is, for a person who looks at it.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Nobody looks.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// Shown where stderr is a terminal that can take a line back.
    pub(crate) fn begin() -> Self {
        if LINES.is_hidden() {
            return Self::none();
        }
        let bar = LINES.add(ProgressBar::new(100));
        bar.set_style(look());
        bar.enable_steady_tick(TICK);
        Self(Some(bar))
    }

    /// Whether somebody looks.
    pub(crate) const fn is_shown(&self) -> bool {
        self.0.is_some()
    }

    /// A step begins.
    pub(crate) fn step(&self, name: String) {
        self.with(|bar| {
            bar.set_prefix(name);
            bar.set_message("");
            bar.reset_elapsed();
        });
    }

    /// So much of all is done.
    pub(crate) fn percent(&self, percent: u64) {
        self.with(|bar| bar.set_position(percent));
    }

    /// What the step says of itself.
    pub(crate) fn say(&self, message: &str) {
        self.with(|bar| bar.set_message(style::one_line(message, WIDTH)));
    }

    fn with(&self, change: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = &self.0 {
            change(bar);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.with(|bar| {
            bar.finish_and_clear();
            LINES.remove(bar);
        });
    }
}

fn look() -> ProgressStyle {
    let took = |state: &ProgressState, to: &mut dyn fmt::Write| {
        let millis = u64::try_from(state.elapsed().as_millis()).unwrap_or(u64::MAX);
        // The library's own text can't refuse it.
        let _ = to.write_str(&style::millis(millis));
    };
    // A template that can't be read would be a fault of this file; the plain look still says how far it is.
    let look = ProgressStyle::with_template(LOOK).unwrap_or_else(|_| ProgressStyle::default_bar());
    look.with_key("took", took).progress_chars("━╸─")
}
