//! The system's processes, as far as they belong to a family.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::process::mark::Mark;

/// A process that can't be mistaken for a later one with its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct ProcessId {
    pid: i32,
    /// In ticks since the machine was started.
    start: u64,
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
struct Entry {
    id: ProcessId,
    parent: i32,
    group: i32,
    is_dead: bool,
}

/// A family of processes, which grows by those who are found to belong to it.
#[derive(Debug, Clone)]
pub(crate) struct Family {
    /// Who bears all of these belongs to it.
    marks: Vec<Mark>,
    /// Who bears one of these doesn't, whatever else it bears.
    spared: Vec<Mark>,
    /// Whoever descends from this process belongs to it.
    is_of_this_process: bool,
    /// The first of it, whose process group belongs to it too.
    leader: Option<ProcessId>,
    known: HashSet<ProcessId>,
}

impl ProcessId {
    /// The process that has this number now.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        Some(entry(i32::try_from(pid).ok()?)?.id)
    }

    /// A handle on this process, which tells when it ends; none where it is gone.
    pub(crate) fn open(self) -> io::Result<Option<OwnedFd>> {
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(None) };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(process) => Ok(entry(self.pid).is_some_and(|entry| entry.id == self).then_some(process)),
            Err(Errno::SRCH) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it is there and can still do something.
    pub(crate) fn is_alive(self) -> bool {
        entry(self.pid).is_some_and(|entry| entry.id == self && !entry.is_dead)
    }

    /// Orders parents before their children, as good as always: numbers begin anew after the greatest.
    pub(crate) fn born(self) -> (u64, i32) {
        (self.start, self.pid)
    }

    pub(crate) fn has_number(self, pid: Pid) -> bool {
        self.pid == pid.as_raw_nonzero().get()
    }

    /// Sends a signal, to this process or to nobody.
    pub(crate) fn signal(self, signal: Signal) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        let is_still_it = || entry(self.pid).is_some_and(|entry| entry.id == self);
        // Who ended meanwhile needs no signal, and who is someone else's can't be sent one.
        let _result = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(process) if is_still_it() => pidfd_send_signal(process, signal),
            Err(Errno::NOSYS) if is_still_it() => kill_process(pid, signal),
            Ok(_) | Err(_) => Ok(()),
        };
    }
}

impl Family {
    pub(crate) fn new(marks: Vec<Mark>, leader: Option<ProcessId>) -> Self {
        let known = leader.into_iter().collect();
        Self { marks, spared: Vec::new(), is_of_this_process: false, leader, known }
    }

    /// Leaves out who bears one of these.
    pub(crate) fn sparing(self, spared: Vec<Mark>) -> Self {
        Self { spared, ..self }
    }

    /// Counts every descendant of this process in. Nobody gets away from a process that is a subreaper.
    pub(crate) fn with_all_descendants(self) -> Self {
        Self { is_of_this_process: true, ..self }
    }

    /// How many were ever found to belong to it.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Those of the family that live now.
    pub(crate) fn living(&mut self) -> Vec<ProcessId> {
        let table: HashMap<i32, Entry> = pids().filter_map(|pid| Some((pid, entry(pid)?))).collect();
        let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
        for entry in table.values() {
            children.entry(entry.parent).or_default().push(entry.id.pid);
        }
        // This process and those above it are nobody's to end, whatever marks they were started with themselves.
        let spared = lineage(&table);
        let mut found = HashSet::new();
        let mut ahead: Vec<i32> =
            table.values().filter(|entry| self.claims(entry, &table)).map(|entry| entry.id.pid).collect();
        while let Some(pid) = ahead.pop() {
            if !spared.contains(&pid) && !self.spares(pid) && found.insert(pid) {
                ahead.extend(children.get(&pid).into_iter().flatten());
            }
        }
        let members: Vec<Entry> = found.iter().filter_map(|pid| table.get(pid)).copied().collect();
        self.known.extend(members.iter().map(|entry| entry.id));
        members.iter().filter(|entry| !entry.is_dead).map(|entry| entry.id).collect()
    }

    /// Whether a process belongs to the family by itself, not by descent.
    fn claims(&self, entry: &Entry, table: &HashMap<i32, Entry>) -> bool {
        self.known.contains(&entry.id)
            || self.leads(entry, table)
            || self.is_child(entry)
            || self.marks(entry.id.pid)
    }

    fn is_child(&self, entry: &Entry) -> bool {
        self.is_of_this_process && i32::try_from(std::process::id()) == Ok(entry.parent)
    }

    fn leads(&self, entry: &Entry, table: &HashMap<i32, Entry>) -> bool {
        // The number of a group is free for others once the group is empty; then a new leader has it.
        self.leader.is_some_and(|leader| {
            entry.group == leader.pid && table.get(&leader.pid).is_none_or(|now| now.id == leader)
        })
    }

    fn marks(&self, pid: i32) -> bool {
        let environment = environment(pid);
        !environment.is_empty()
            && !self.marks.is_empty()
            && self.marks.iter().all(|mark| mark.is_in(&environment))
    }

    fn spares(&self, pid: i32) -> bool {
        !self.spared.is_empty() && {
            let environment = environment(pid);
            self.spared.iter().any(|mark| mark.is_in(&environment))
        }
    }
}

/// The children of this process that have ended and wait to be asked for their exit.
pub(crate) fn dead_children() -> Vec<Pid> {
    let own = std::process::id();
    let is_dead_child =
        |entry: &Entry| entry.is_dead && i32::try_from(own).is_ok_and(|own| own == entry.parent);
    // Who lost their parent is given to a process' first thread. Some kernels keep no such list.
    let children: Vec<i32> = match fs::read_to_string(format!("/proc/self/task/{own}/children")) {
        Ok(listed) => listed.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect(),
        Err(_) => pids().collect(),
    };
    let dead = children.into_iter().filter_map(entry).filter(is_dead_child);
    dead.filter_map(|entry| Pid::from_raw(entry.id.pid)).collect()
}

/// What a process was started with. That of someone else's can't be read; it is no descendant of ours then.
fn environment(pid: i32) -> Vec<u8> {
    read(&format!("/proc/{pid}/environ")).unwrap_or_default()
}

/// Reads a file of /proc. None of them says how long it is, and all are read again and again: so with room enough
/// from the start.
fn read(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(4096);
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn pids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn entry(pid: i32) -> Option<Entry> {
    parse(pid, &String::from_utf8_lossy(&read(&format!("/proc/{pid}/stat")).ok()?))
}

/// Reads `pid (name) state parent group … start …`; the name may hold anything.
fn parse(pid: i32, stat: &str) -> Option<Entry> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    Some(Entry {
        id: ProcessId { pid, start: fields.get(19)?.parse().ok()? },
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        is_dead: matches!(*fields.first()?, "Z" | "X"),
    })
}

/// This process and its ancestors.
fn lineage(table: &HashMap<i32, Entry>) -> HashSet<i32> {
    let mut lineage = HashSet::new();
    let mut next = i32::try_from(std::process::id()).ok();
    while let Some(pid) = next.filter(|pid| lineage.insert(*pid)) {
        next = table.get(&pid).map(|entry| entry.parent);
    }
    lineage
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let stat = "77 (a) S (b) R 12 34 56 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2 3";
        let entry = parse(77, stat).unwrap();
        assert_eq!((entry.parent, entry.group, entry.is_dead), (12, 34, false));
        assert_eq!(entry.id, ProcessId { pid: 77, start: 98765 });
        assert!(parse(1, "1 (x) Z").is_none());
    }

    #[test]
    fn this_process_and_those_above_it_are_spared() {
        let own = ProcessId::of(std::process::id()).unwrap();
        let mut family = Family::new(Vec::new(), Some(own));
        assert!(!family.living().contains(&own));
    }
}
