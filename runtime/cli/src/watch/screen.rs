//! The terminal while it shows a table, and as it was found afterwards.

use std::io::{self, IsTerminal, Stdout, Write};

use anstream::{AutoStream, ColorChoice, adapter::strip_str};
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::style::Print;
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{execute, queue};

use super::table::Size;

/// A terminal that is ours until this is dropped, however that comes about.
pub(super) struct Screen {
    out: Stdout,
    colours: bool,
}

impl Screen {
    /// Whether there is a terminal to show something on, and to be told to end it.
    pub(super) fn is_there() -> bool {
        io::stdout().is_terminal() && io::stdin().is_terminal()
    }

    pub(super) fn open() -> io::Result<Self> {
        let out = io::stdout();
        let colours = AutoStream::choice(&out) != ColorChoice::Never;
        terminal::enable_raw_mode()?;
        // From here on there is something to undo.
        let mut screen = Self { out, colours };
        execute!(screen.out, EnterAlternateScreen, Hide, DisableLineWrap)?;
        Ok(screen)
    }

    pub(super) fn size() -> io::Result<Size> {
        let (columns, lines) = terminal::size()?;
        Ok(Size { columns: columns.into(), lines: lines.into() })
    }

    /// Shows these lines in the place of what there was, in one go.
    pub(super) fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        queue!(self.out, BeginSynchronizedUpdate)?;
        for (number, line) in (0..).zip(lines) {
            // Before it is written: a line that reaches the edge leaves the cursor on its last letter.
            queue!(self.out, MoveTo(0, number), Clear(ClearType::CurrentLine))?;
            if self.colours {
                queue!(self.out, Print(line))?;
            } else {
                queue!(self.out, Print(strip_str(line)))?;
            }
        }
        queue!(self.out, EndSynchronizedUpdate)?;
        self.out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = execute!(self.out, EnableLineWrap, Show, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

/// Whether a person wants to see no more of it.
pub(super) fn ends(event: &Event) -> bool {
    let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. }) = event else { return false };
    match code {
        KeyCode::Char('q' | 'Q') | KeyCode::Esc => true,
        KeyCode::Char('c' | 'd') => modifiers.contains(KeyModifiers::CONTROL),
        _ => false,
    }
}
