//! Several tasks without `adw serve`: the server that was started for the first ends with it, and whoever follows another
//! one starts the next.

use adw_config::Listen;

use crate::client::{Client, TRIES, pause};
use crate::context::config_file;
use crate::failure::Failure;
use crate::reloads;
use crate::server::Server;
use crate::whereabouts::Stay;

/// Waits until the server that is followed is gone, and starts one at its address: those who follow it look for it there.
pub(super) async fn succeed(client: &Client) -> Result<Server, Failure> {
    let listen = client.address().listener()?;
    let mut tries = 0;
    loop {
        if client.until_gone().await {
            tries = 0;
        }
        match start(listen).await {
            Err(lost) if tries < TRIES && is_quicker(&lost, client) => tries += 1,
            started => return started,
        }
        pause(tries).await;
    }
}

async fn start(listen: Listen) -> Result<Server, Failure> {
    let read = reloads::reading(config_file(None)?, Some(listen));
    Server::start(read()?, read, Stay::ForATask).await
}

/// Whether another one who follows that server may be starting the next, or has started it.
fn is_quicker(lost: &Failure, client: &Client) -> bool {
    match lost {
        Failure::InUse { url, .. } => *url == client.address().to_string(),
        Failure::Unsettled { .. } | Failure::Listen { .. } => true,
        _ => false,
    }
}
