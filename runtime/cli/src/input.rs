//! What is handed over from files: the texts that a task is made of, and plugins.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use adw_engine::LARGEST_PLUGIN;

use crate::failure::Failure;

/// No server takes a larger request.
const LARGEST: usize = 4 << 20;

/// The text of a file; `-` is standard input. What never ends is not read to its end.
pub(crate) fn read(file: &Path) -> Result<String, Failure> {
    let failed = |source| Failure::File { what: format!("read {}", file.display()), source };
    let wrong = |what: &str, help: &str| Failure::Usage {
        message: format!("{} {what}", file.display()),
        help: help.to_owned(),
    };
    let bytes = if file == Path::new("-") {
        beginning(io::stdin().lock(), LARGEST)
    } else {
        let kind = fs::metadata(file).map_err(failed)?.file_type();
        // A pipe is what a shell makes of `<(git diff)`.
        if !kind.is_file() && !kind.is_fifo() {
            return Err(wrong("is not a file with a text", "name a file, or `-` for standard input"));
        }
        File::open(file).and_then(|file| beginning(file, LARGEST))
    };
    let bytes = bytes.map_err(failed)?;
    if bytes.len() > LARGEST {
        return Err(wrong("is larger than 4 MiB, and a server takes no more", "hand over less at once"));
    }
    String::from_utf8(bytes).map_err(|_invalid| wrong("is not text in UTF-8", "name a text file"))
}

/// The bytes of a plugin. Whether they are one is for the server to say.
pub(crate) fn plugin(file: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |source| Failure::File { what: format!("read {}", file.display()), source };
    let wrong = |what: &str| Failure::Usage {
        message: format!("{} {what}", file.display()),
        help: "name the .wasm file that the build left in target/wasm32-unknown-unknown".to_owned(),
    };
    if !fs::metadata(file).map_err(failed)?.is_file() {
        return Err(wrong("is not a file"));
    }
    let bytes = File::open(file).and_then(|file| beginning(file, LARGEST_PLUGIN)).map_err(failed)?;
    match bytes.len() {
        0 => Err(wrong("is empty")),
        length if length > LARGEST_PLUGIN => Err(wrong("is larger than any plugin may be")),
        _ => Ok(bytes),
    }
}

/// As much as may be, and one byte more where there is more.
fn beginning(from: impl Read, largest: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(largest as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
