//! The table on a terminal: redrawn when something changed, and once a second for the ages.

use std::io;
use std::time::Duration;

use crossterm::event::EventStream;
use futures_util::StreamExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::board::Board;
use super::screen::{Screen, ends};
use super::table::frame;
use crate::client::{BoardFeed, BoardNews, RequestError};
use crate::clock;
use crate::failure::Failure;
use crate::signals::Stop;

/// The shortest time between two drawings: more than a person sees.
const FRAME: Duration = Duration::from_millis(80);

/// The longest: ages grow by themselves.
const TICK: Duration = Duration::from_secs(1);

/// How much news may wait for the screen.
const WAITING: usize = 256;

/// Shows the table until a person ends it, or says that there is no terminal to show it on.
pub(crate) async fn watch(mut feed: BoardFeed, server: &str) -> Result<Option<BoardFeed>, Failure> {
    if !Screen::is_there() {
        return Ok(Some(feed));
    }
    // What can't be reached at all is told on the terminal as it was.
    let mut board = Board::new();
    board.hear(feed.next().await?);
    let mut news = listen(feed);
    let mut screen = Screen::open().map_err(terminal_failed)?;
    let mut keys = EventStream::new();
    // Ctrl-C is a key here, and from elsewhere it comes as a signal all the same.
    let mut stop = Stop::listen()?;
    let mut hung_up = signal(SignalKind::hangup()).map_err(terminal_failed)?;
    let mut next_drawing = Instant::now();
    loop {
        tokio::select! {
            told = news.recv() => match told {
                Some(told) => {
                    board.hear(told?);
                    next_drawing = next_drawing.min(Instant::now() + FRAME);
                }
                None => return Ok(None),
            },
            key = keys.next() => match key {
                Some(Ok(event)) if ends(&event) => return Ok(None),
                // A new size, or a key that means nothing: either way the screen is as it should be afterwards.
                Some(Ok(_)) => next_drawing = Instant::now(),
                Some(Err(_)) | None => return Ok(None),
            },
            () = stop.once() => return Ok(None),
            _ = hung_up.recv() => return Ok(None),
            () = sleep_until(next_drawing) => {
                let size = Screen::size().map_err(terminal_failed)?;
                screen.draw(&frame(&board, server, clock::now(), size))?;
                next_drawing = Instant::now() + TICK;
            }
        }
    }
}

/// Hears the feed apart from the screen: its waits are not broken off by a key.
fn listen(mut feed: BoardFeed) -> mpsc::Receiver<Result<BoardNews, RequestError>> {
    let (tell, heard) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        loop {
            let news = feed.next().await;
            let is_last = news.is_err();
            if tell.send(news).await.is_err() || is_last {
                return;
            }
        }
    });
    heard
}

fn terminal_failed(source: io::Error) -> Failure {
    Failure::File { what: "show a table on this terminal; `adw watch | cat` gives lines".to_owned(), source }
}
