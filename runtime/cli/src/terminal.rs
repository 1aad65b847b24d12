//! The terminal that progress is drawn on. It may be closed while something goes on, and the library panics where a line
//! can't be drawn. So what can't be drawn is nobody's concern here.

use std::io;

use console::Term;
use indicatif::{ProgressDrawTarget, TermLike};

/// How often a line is drawn anew, at most, in a second.
const RATE: u8 = 20;

/// Where progress is drawn: nowhere, where stderr is no terminal that can take a line back.
pub(crate) fn target() -> ProgressDrawTarget {
    let standard = ProgressDrawTarget::stderr();
    if standard.is_hidden() {
        return standard;
    }
    // The library asks stdout for it, where the terminal is not its own.
    console::set_colors_enabled(console::colors_enabled_stderr());
    ProgressDrawTarget::term_like_with_hz(Box::new(Closable(Term::buffered_stderr())), RATE)
}

/// A terminal that takes everything, there or not.
#[derive(Debug)]
struct Closable(Term);

impl TermLike for Closable {
    fn width(&self) -> u16 {
        TermLike::width(&self.0)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.0)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n).or(Ok(()))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n).or(Ok(()))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n).or(Ok(()))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n).or(Ok(()))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text).or(Ok(()))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text).or(Ok(()))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line().or(Ok(()))
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush().or(Ok(()))
    }
}
