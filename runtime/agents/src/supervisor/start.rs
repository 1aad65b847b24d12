//! Starting a supervisor.

use std::io;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command as Builder;

use crate::exec::Command;
use crate::process::mark::Owner;
use crate::supervisor::folder::Try;
use crate::supervisor::report::{News, Report};
use crate::supervisor::{Supervisor, order};

/// Starts a supervisor for a try; whether it has it, not another one that was quicker. Once this is answered, nobody
/// starts it again.
///
/// The supervisor lives on where this future is dropped, if it had the whole order by then.
pub(crate) async fn start(
    supervisor: &Supervisor,
    of: &Try,
    command: &Command,
    owner: &Owner,
) -> io::Result<bool> {
    let order = order::write(command, owner)?;
    // No group of its own: who leads one can't begin a session. No environment either: keys of the server are none of
    // its business, and marks that the server itself was started with would make it somebody else's.
    let mut child = Builder::new(&supervisor.program)
        .arg0("adw")
        .args(&supervisor.args)
        .arg(of.folder())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| started_in_vain(&supervisor.program.display(), &error))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that doesn't hear all of it says why.
        let _unheard = stdin.write_all(&order).await;
    }
    let mut said = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_until(b'\n', &mut said).await?;
    }
    match serde_json::from_slice::<Report>(&said).map(|report| report.news) {
        Ok(News::Claimed) => Ok(true),
        Ok(News::Taken) => Ok(false),
        Ok(News::Unable(error)) => Err(error.restore()),
        Err(_) => {
            let status = child.wait().await?;
            Err(started_in_vain(&supervisor.program.display(), &status))
        }
    }
}

fn started_in_vain(program: &dyn std::fmt::Display, why: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("its supervisor, `{program}`, didn't take it on ({why})"))
}
