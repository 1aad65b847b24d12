//! The address that the server listens on: is it free, and if not, who has it?

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use adw_config::Listen;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::surroundings::database;
use super::{Finding, Surroundings};
use crate::client::{Address, Client, Health};
use crate::holder::Holder;

/// Whoever listens there answers within this, or is no server of ours.
const PATIENCE: Duration = Duration::from_secs(3);

const ELSEWHERE: &str = "adw serve --listen 127.0.0.1:0   # takes a free port";

pub(super) fn check(surroundings: &Surroundings) -> Vec<Finding> {
    let Some(config) = surroundings.config() else { return Vec::new() };
    let listen = config.server.listen;
    let Ok(address) = Address::of_listener(listen) else {
        return vec![Finding::ok("adw serve takes any port that is free")];
    };
    // Bound and let go of at once.
    vec![match TcpListener::bind(listen.addr()) {
        Ok(_) => Finding::ok(format!("{listen} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken(database(config), listen, address),
        Err(error) => Finding::fail(format!("{listen} can't be listened on: {error}"), ELSEWHERE),
    }]
}

fn taken(database: &Path, listen: Listen, address: Address) -> Finding {
    let holder = Holder::of_address(listen.addr());
    let by = holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default();
    let Some(health) = ask(address) else {
        return Finding::fail(format!("{listen} is taken by another program{by}"), ELSEWHERE);
    };
    let ours = env!("CARGO_PKG_VERSION");
    let version = &health.version;
    match holder.and_then(|holder| holder.database()) {
        None => Finding::warn(
            format!("{listen} is served by adw {version}{by}; whose data it serves can't be seen from here"),
            format!("adw ls --server http://{listen}"),
        ),
        Some(served) if !is_same(&served, database) => Finding::fail(
            format!("{listen} is served by adw {version}{by}, for another folder: {}", served.display()),
            ELSEWHERE,
        ),
        Some(_) if version != ours => Finding::warn(
            format!("{listen} is served by adw {version}{by}, and this is adw {ours}"),
            "stop the server, and run adw serve   # what runs is taken up again",
        ),
        Some(_) => Finding::ok(format!("{listen} is served by adw {version}{by}, for this folder")),
    }
}

/// What a server of ours says of itself; none where it is none.
fn ask(address: Address) -> Option<Health> {
    let client = Client::new(address).ok()?;
    let answer = Handle::current().block_on(async { timeout(PATIENCE, client.health()).await });
    answer.ok()?.ok().filter(|health| health.service == "adw")
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
