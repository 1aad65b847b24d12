//! Who listens on an address of this machine, as far as the system lets us see it.

use std::fmt;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// What the lock beside a database ends with.
const LOCK: &str = ".lock";

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    id: u32,
    program: String,
}

impl Holder {
    /// Whoever listens there; none where it is another user's, or the system has no /proc.
    pub(crate) fn of_address(address: SocketAddr) -> Option<Self> {
        Self::of(Path::new(&format!("socket:[{}]", socket_of(address)?)))
    }

    /// Whoever has a database of ours open.
    pub(crate) fn of_database(database: &Path) -> Option<Self> {
        let mut lock = database.canonicalize().ok()?.into_os_string();
        lock.push(LOCK);
        Self::of(Path::new(&lock))
    }

    fn of(opened: &Path) -> Option<Self> {
        let ids =
            fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let id = ids.into_iter().find(|id| open_files(*id).any(|file| file == opened))?;
        let program = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        Some(Self { id, program: program.trim().to_owned() })
    }

    /// The database that a server of ours has open, known by the lock beside it.
    pub(crate) fn database(&self) -> Option<PathBuf> {
        open_files(self.id).find_map(|file| {
            let database = PathBuf::from(file.to_str()?.strip_suffix(LOCK)?);
            database.is_file().then_some(database)
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, process {}", self.program, self.id)
    }
}

/// Where the descriptors of a process lead.
fn open_files(id: u32) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(format!("/proc/{id}/fd")).ok();
    entries.into_iter().flatten().filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
}

/// The number of the socket that listens there.
fn socket_of(address: SocketAddr) -> Option<u64> {
    let table = if address.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" };
    fs::read_to_string(table).ok()?.lines().find_map(|line| listening(line, address))
}

/// Reads a line of the system's table of connections: number, own address, the other's, state, …, socket.
fn listening(line: &str, address: SocketAddr) -> Option<u64> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (own, state, socket) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
    let (ip, port) = own.split_once(':')?;
    let is_there = u16::from_str_radix(port, 16).ok()? == address.port() && covers(ip, address.ip());
    if *state == LISTEN && is_there { socket.parse().ok() } else { None }
}

/// Whether a socket at this address, or at any, has this one. Each 32 bits are written as the machine keeps them.
fn covers(hex: &str, ip: IpAddr) -> bool {
    let bytes: Vec<u8> = match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let words = bytes.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]));
    let written: Vec<String> = words.map(|word| format!("{word:08X}")).collect();
    hex == written.concat() || hex.bytes().all(|digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::net::TcpListener;

    use super::*;

    #[test]
    fn who_listens_is_found() {
        if !Path::new("/proc/net/tcp").exists() {
            return;
        }
        for address in ["127.0.0.1:0", "0.0.0.0:0"] {
            let listener = TcpListener::bind(address).unwrap();
            let port = listener.local_addr().unwrap().port();
            let holder = Holder::of_address(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
            assert_eq!(holder.id, std::process::id());
            assert_eq!(holder.database(), None);
        }
    }
}
