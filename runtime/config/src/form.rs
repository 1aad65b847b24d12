//! What can be written in a string: durations, sizes, hashes, names.

use std::time::Duration;

use adw_core::Backoff;

/// Why a value is refused, and what to do about it.
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Wrong {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// How a value is written in a string.
pub(crate) struct Form<T> {
    /// Completes "must be …".
    pub(crate) expected: &'static str,
    pub(crate) read: fn(&str) -> Result<T, Wrong>,
}

/// `"15m"`.
pub(crate) const DURATION: Form<Duration> =
    Form { expected: "a duration in quotes, such as \"15m\" or \"1h 30m\"", read: duration };

/// `"256MiB"`, in bytes.
pub(crate) const SIZE: Form<u64> = Form { expected: "a size in quotes, such as \"256MiB\"", read: size };

/// `"2s..1m"`.
pub(crate) const BACKOFF: Form<Backoff> =
    Form { expected: "the shortest and the longest wait, such as \"2s..1m\"", read: backoff };

/// 64 hexadecimal digits, made lower case.
pub(crate) const SHA256: Form<String> =
    Form { expected: "the plugin's sha256, 64 hexadecimal digits in quotes", read: sha256 };

/// Any text but the empty one.
pub(crate) const TEXT: Form<String> = Form { expected: "a string that is not empty", read: text };

/// The name of an environment variable or a secret.
pub(crate) const VARIABLE: Form<String> =
    Form { expected: "a name of letters, digits and `_`, such as \"CHAT_TOKEN\"", read: variable_name };

/// A name of the person's own, for whatever has a table of its own; as adw-core has it for stages.
pub(crate) fn name(what: &str, name: &str) -> Result<String, Wrong> {
    let fits = name.parse::<adw_core::StageName>().is_ok();
    fits.then(|| name.to_owned()).ok_or_else(|| {
        Wrong::new(format!("{what} can't be called {name:?}"))
            .help("a name is 1 to 64 letters, digits, `_` and `-`, and does not begin with `-`")
    })
}

/// Longer than anything that is meant, and short enough to be added to any time.
const LONGEST: Duration = Duration::from_hours(24 * 366);

fn duration(text: &str) -> Result<Duration, Wrong> {
    let help = "write a number and a unit: ms, s, m, h or d, as in \"90s\" or \"1h 30m\"";
    match humantime::parse_duration(text.trim()) {
        Ok(duration) if duration < Duration::from_millis(1) => {
            Err(Wrong::new(format!("{text:?} is no time at all")).help("the least is \"1ms\""))
        }
        Ok(duration) if duration > LONGEST => {
            Err(Wrong::new(format!("{text:?} is too long")).help("the most is a year, \"366d\""))
        }
        Ok(duration) => Ok(duration),
        Err(_) => Err(Wrong::new(format!("{text:?} is not a duration")).help(help)),
    }
}

/// A duration as the domain counts it; [`LONGEST`] keeps it within bounds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn size(text: &str) -> Result<u64, Wrong> {
    const UNITS: [(&str, u64); 8] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("B", 1),
        ("", 1),
    ];
    let wrong = || {
        Wrong::new(format!("{text:?} is not a size"))
            .help("write a whole number and a unit: B, KiB, MiB or GiB, as in \"256MiB\"")
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
    number.checked_mul(*factor).ok_or_else(wrong)
}

fn backoff(text: &str) -> Result<Backoff, Wrong> {
    let (first, longest) = text.split_once("..").ok_or_else(|| {
        Wrong::new(format!("{text:?} is not a span of waits"))
            .help("write the wait before the second try and the longest one, as in \"2s..1m\"")
    })?;
    let (first_ms, longest_ms) = (millis(duration(first)?), millis(duration(longest)?));
    if first_ms > longest_ms {
        return Err(Wrong::new(format!("{text:?} begins with its longest wait"))
            .help(format!("turn it round: \"{longest}..{first}\"")));
    }
    Ok(Backoff { first_ms, longest_ms })
}

fn sha256(text: &str) -> Result<String, Wrong> {
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Wrong::new(format!("{text:?} is not a sha256"))
        .help("it has 64 hexadecimal digits: `sha256sum FILE`"))
}

fn text(text: &str) -> Result<String, Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::new("this must not be empty"));
    }
    if text.contains('\0') {
        return Err(Wrong::new("this must not hold a NUL character"));
    }
    Ok(text.to_owned())
}

fn variable_name(text: &str) -> Result<String, Wrong> {
    let fits = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    fits.then(|| text.to_owned()).ok_or_else(|| {
        Wrong::new(format!("{text:?} can't be the name of a variable"))
            .help("such a name has letters, digits and `_`, and does not begin with a digit")
    })
}
