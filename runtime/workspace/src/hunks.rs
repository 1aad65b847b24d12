//! Counting the lines of a diff's hunks, to say what is wrong with one that was cut off.
//!
//! git takes an empty line for a context line that lost its space. So the empty lines behind a hunk that lacks its end
//! are taken for that end, and what git says then is that they are not in the file.

use crate::patch::PatchError;

/// Lines of the old file and of the new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    old: u64,
    new: u64,
}

/// A hunk, as far as its header goes or its lines do.
struct Hunk {
    /// The line of the diff that its header is.
    line: u64,
    /// The line of the old file that it says to begin at.
    start: u64,
    says: Count,
    /// What it has, without the empty lines at its end.
    has: Count,
    /// The empty lines at its end, as far as its header wants them.
    empty: u64,
    /// Whether its last line is one that it changes.
    ends_in_a_change: bool,
}

impl Hunk {
    fn is_short(&self) -> bool {
        self.has.old + self.empty < self.says.old || self.has.new + self.empty < self.says.new
    }

    fn of_its_empty_end(&self) -> String {
        let Self { line, empty, .. } = self;
        let are = if *empty == 1 { "1 empty line" } else { &format!("{empty} empty lines") };
        format!(
            "and then {are}, with which the hunk at line {line} of the diff ends. If the file has none there, the hunk's own end \
             is missing: give the diff whole"
        )
    }
}

/// The hunk that is to go to this line of a file and has no context at its end, as the one at the end of a file has: the line
/// of the diff that its header is, and what that counts.
pub(crate) fn without_an_end(diff: &str, start: u64) -> Option<(u64, [u64; 2])> {
    let is_it = |hunk: &Hunk| hunk.start == start && hunk.ends_in_a_change && hunk.says == hunk.has;
    hunks(diff).into_iter().find(is_it).map(|hunk| (hunk.line, [hunk.says.old, hunk.says.new]))
}

/// The refusal, with what the diff's own lines say of its cause.
pub(crate) fn explain(refusal: PatchError, diff: &str) -> PatchError {
    match refusal {
        PatchError::Damaged { line } => match hunks(diff).into_iter().find(Hunk::is_short) {
            Some(Hunk { line, says, has, .. }) => {
                PatchError::Miscounted { line, says: [says.old, says.new], has: [has.old, has.new] }
            }
            None => PatchError::Damaged { line },
        },
        PatchError::Mismatch { path, line, expected } => {
            let ends_empty = |hunk: &Hunk| hunk.start == line && hunk.empty > 0;
            let expected = match hunks(diff).into_iter().find(ends_empty) {
                Some(hunk) => format!("{expected}\n{}", hunk.of_its_empty_end()),
                None => expected,
            };
            PatchError::Mismatch { path, line, expected }
        }
        other => other,
    }
}

fn hunks(diff: &str) -> Vec<Hunk> {
    let lines: Vec<&str> = diff.lines().collect();
    let mut hunks = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let Some((start, says)) = header(line) else { continue };
        let has = Count::default();
        let mut hunk = Hunk { line: at as u64, start, says, has, empty: 0, ends_in_a_change: false };
        while hunk.is_short()
            && let Some(line) = lines.get(at)
        {
            let (old, new) = match line.bytes().next() {
                None => (0, 0),
                Some(b' ') => (1, 1),
                Some(b'-') => (1, 0),
                Some(b'+') => (0, 1),
                Some(b'\\') => {
                    at += 1;
                    continue;
                }
                Some(_) => break,
            };
            hunk.ends_in_a_change = old != new;
            if (old, new) == (0, 0) {
                hunk.empty += 1;
            } else {
                hunk.has.old += old + hunk.empty;
                hunk.has.new += new + hunk.empty;
                hunk.empty = 0;
            }
            at += 1;
        }
        hunks.push(hunk);
    }
    hunks
}

/// Reads `@@ -1,2 +3,4 @@ …`: where it begins in the old file, and how many lines it has.
fn header(line: &str) -> Option<(u64, Count)> {
    let (ranges, _) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let ((start, old), (_, new)) = (range(old)?, range(new)?);
    Some((start, Count { old, new }))
}

/// Reads `start,length`, or `start` for one line.
fn range(range: &str) -> Option<(u64, u64)> {
    let (start, length) = range.split_once(',').unwrap_or((range, "1"));
    Some((start.parse().ok()?, length.parse().ok()?))
}
