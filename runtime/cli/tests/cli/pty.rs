//! A command at a terminal of its own.

use std::fs::File;
use std::io::Read;
use std::process::{Child, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A command that runs, and what its terminal has shown.
pub(crate) struct Terminal {
    pub(crate) child: Child,
    master: File,
    shown: Vec<u8>,
}

impl Terminal {
    pub(crate) fn start(command: &mut Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let terminal = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let stdio = || Stdio::from(terminal.try_clone().unwrap());
        let child = command.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().unwrap();
        // Only the child has it now, and when that ends, so does what can be read.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { child, master: File::from(master), shown: Vec::new() }
    }

    /// Waits until this was shown.
    pub(crate) fn until_it_shows(&mut self, words: &str) {
        while !String::from_utf8_lossy(&self.shown).contains(words) {
            assert!(self.read(), "it ended before it showed {words:?}: {}", self.text());
        }
    }

    /// Its exit code, and all that was shown.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        while self.read() {}
        (self.child.wait().unwrap().code(), self.text())
    }

    /// Closes the terminal, as its window is closed; gives the exit code.
    pub(crate) fn close(self) -> Option<i32> {
        let Self { mut child, master, .. } = self;
        drop(master);
        child.wait().unwrap().code()
    }

    /// Reads on; whether there was something.
    fn read(&mut self) -> bool {
        let mut part = [0; 4096];
        match self.master.read(&mut part) {
            Ok(read @ 1..) => {
                self.shown.extend_from_slice(&part[..read]);
                true
            }
            _ => false,
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }
}
