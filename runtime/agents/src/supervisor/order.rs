//! What a supervisor is told to run, through a pipe: it never touches the disk.

use std::ffi::OsString;
use std::io::{self, BufRead, Read};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::exec::{Command, Stdin};
use crate::process::environment::Environment;
use crate::process::mark::Owner;
use crate::supervisor::record::VERSION;

/// A line of JSON; what the program is to read follows it as it is.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    version: u32,
    program: String,
    args: Vec<String>,
    env: Vec<(OsString, OsString)>,
    cwd: OsString,
    timeout_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    silence_ms: Option<u64>,
    owner: Owner,
    /// How many bytes follow; none where the program is to read nothing.
    stdin: Option<u64>,
}

/// The order, as it goes through the pipe.
pub(crate) fn write(command: &Command, owner: &Owner) -> io::Result<Vec<u8>> {
    let stdin: Option<&[u8]> = match &command.stdin {
        Stdin::Null => None,
        Stdin::Bytes(bytes) => Some(bytes),
    };
    let head = Head {
        version: VERSION,
        program: command.program.clone(),
        args: command.args.clone(),
        env: command.env.variables().map(|(name, value)| (name.clone(), value.clone())).collect(),
        // The supervisor stands somewhere else.
        cwd: std::path::absolute(&command.cwd)?.into_os_string(),
        timeout_ms: command.timeout.map(millis),
        silence_ms: command.silence.map(millis),
        owner: owner.clone(),
        stdin: stdin.map(|bytes| bytes.len() as u64),
    };
    let mut order = serde_json::to_vec(&head)?;
    order.push(b'\n');
    order.extend_from_slice(stdin.unwrap_or_default());
    Ok(order)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Reads a whole order. Half of one, of a server that died over it, is none.
pub(crate) fn read(mut from: impl BufRead) -> io::Result<(Command, Owner)> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    let head: Head = serde_json::from_slice(&line)?;
    let stdin = match head.stdin {
        None => Stdin::Null,
        Some(length) => {
            let mut bytes = Vec::new();
            from.take(length).read_to_end(&mut bytes)?;
            if bytes.len() as u64 != length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Stdin::Bytes(bytes)
        }
    };
    let command = Command {
        program: head.program,
        args: head.args,
        env: Environment::empty().with_all(head.env),
        cwd: head.cwd.into(),
        stdin,
        timeout: head.timeout_ms.map(Duration::from_millis),
        silence: head.silence_ms.map(Duration::from_millis),
    };
    Ok((command, head.owner))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn command(stdin: Stdin) -> Command {
        let odd = OsString::from_vec(b"a\xff\n".to_vec());
        Command {
            program: "pro gram".to_owned(),
            args: vec!["a\nb".to_owned(), "\0".to_owned()],
            env: Environment::empty().with("NAME", odd.clone()),
            cwd: odd.into(),
            stdin,
            timeout: Some(Duration::from_millis(1500)),
            silence: Some(Duration::from_millis(700)),
        }
    }

    #[test]
    fn an_order_arrives_as_it_was_given() {
        let owner = Owner { server: "s".to_owned(), adw_id: "a".to_owned() };
        for stdin in [Stdin::Null, Stdin::Bytes(Vec::new()), Stdin::Bytes(b"\n\0text".to_vec())] {
            let mut given = command(stdin);
            let (arrived, of) = read(&*write(&given, &owner).unwrap()).unwrap();
            given.cwd = std::path::absolute(&given.cwd).unwrap();
            assert_eq!(format!("{arrived:?} {of:?}"), format!("{given:?} {owner:?}"));
        }
    }

    #[test]
    fn half_an_order_is_none() {
        let owner = Owner { server: "s".to_owned(), adw_id: "a".to_owned() };
        let whole = write(&command(Stdin::Bytes(b"text".to_vec())), &owner).unwrap();
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length}");
        }
    }
}
