//! The server through its public doors: requests, sockets, the document.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod access;
mod answer;
mod bench;
mod board;
mod budget;
mod configuration;
mod create;
mod document;
mod feed;
mod health;
mod http;
mod list;
mod live;
mod pause;
mod results;
mod status;
