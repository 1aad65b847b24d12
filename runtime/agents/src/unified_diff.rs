//! Finding a unified diff in prose.

/// The unified diff in a text, bare or fenced, of one file or several; none where there is none. What stands around
/// it is left out, and it ends with a line break.
///
/// Hunks are as long as their headers say, as `git apply` has it; what is wrong within them is left for it to judge.
pub fn extract_patch(description: &str) -> Option<String> {
    let lines: Vec<&str> = description.split('\n').collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        match section(&lines, at) {
            Some(length) => {
                found.push(Section { lines: &lines[at..at + length] });
                at += length;
            }
            None => at += 1,
        }
    }
    let patch: String = found.iter().map(Section::text).collect();
    (!patch.is_empty()).then_some(patch)
}

/// The lines of a diff that concern one file.
struct Section<'a> {
    lines: &'a [&'a str],
}

impl Section<'_> {
    fn text(&self) -> String {
        let indent = indent_of(self.lines.first().copied().unwrap_or_default());
        // Line ends of CRLF in the headers are the messenger's; in the content alone they are the file's.
        let crlf = self.lines.first().is_some_and(|line| line.ends_with('\r'));
        let mut text = String::new();
        for line in self.lines {
            let line = dedent(line, indent);
            text.push_str(if crlf { line.strip_suffix('\r').unwrap_or(line) } else { line });
            text.push('\n');
        }
        text
    }
}

/// How many lines the section that begins at a line has; none where none begins.
fn section(lines: &[&str], start: usize) -> Option<usize> {
    let indent = indent_of(lines.get(start)?);
    let line = |at: usize| lines.get(at).map(|line| dedent(line, indent));
    let is = |at: usize, prefix: &str| line(at).is_some_and(|line| line.starts_with(prefix));
    let mut at = start;
    let mut changes = false;
    if is(at, "diff --git ") {
        at += 1;
        while line(at).is_some_and(is_extended_header) {
            changes |= !is(at, "index ");
            at += 1;
        }
        if is(at, "GIT binary patch") {
            return Some(binary(&line, at + 1) - start);
        }
    }
    if is(at, "--- ") && is(at + 1, "+++ ") && line(at + 2).is_some_and(|line| hunk_header(line).is_some()) {
        at += 2;
        changes = true;
        while let Some((old, new)) = line(at).and_then(hunk_header) {
            at = hunk(&line, at + 1, old, new);
        }
    }
    changes.then_some(at - start)
}

/// Where the hunk ends whose lines begin at a line.
fn hunk<'a>(line: &impl Fn(usize) -> Option<&'a str>, mut at: usize, mut old: u64, mut new: u64) -> usize {
    while old > 0 || new > 0 {
        match line(at).map(|line| line.bytes().next()) {
            // An empty line is a context line that lost its space on the way; at the very end it is the text's end.
            Some(Some(b' ' | b'\r') | None) if line(at + 1).is_some() || line(at) != Some("") => {
                old = old.saturating_sub(1);
                new = new.saturating_sub(1);
            }
            Some(Some(b'-')) => old = old.saturating_sub(1),
            Some(Some(b'+')) => new = new.saturating_sub(1),
            Some(Some(b'\\')) => {}
            _ => return at,
        }
        at += 1;
    }
    if line(at).is_some_and(|line| line.starts_with("\\ ")) { at + 1 } else { at }
}

/// Where the binary patch ends: one or two blocks, each ended by an empty line.
fn binary<'a>(line: &impl Fn(usize) -> Option<&'a str>, mut at: usize) -> usize {
    let is_empty = |at: usize| line(at).is_none_or(|line| line.trim_end().is_empty());
    while line(at).is_some_and(|line| line.starts_with("literal ") || line.starts_with("delta ")) {
        while !is_empty(at) {
            at += 1;
        }
        if line(at).is_some() {
            at += 1;
        }
    }
    at
}

/// Reads `@@ -1,2 +3,4 @@ …` as the numbers of old and new lines.
fn hunk_header(line: &str) -> Option<(u64, u64)> {
    let (ranges, _) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    Some((length(old)?, length(new)?))
}

/// Reads `start` or `start,length`.
fn length(range: &str) -> Option<u64> {
    let (start, length) = range.split_once(',').unwrap_or((range, "1"));
    start.parse::<u64>().ok()?;
    length.parse().ok()
}

fn is_extended_header(line: &str) -> bool {
    const HEADERS: &[&str] = &[
        "index ",
        "old mode ",
        "new mode ",
        "new file mode ",
        "deleted file mode ",
        "similarity index ",
        "dissimilarity index ",
        "rename from ",
        "rename to ",
        "copy from ",
        "copy to ",
    ];
    HEADERS.iter().any(|header| line.starts_with(header))
}

/// A diff in a list's item or a quoted block may be indented as a whole.
fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// A line without the indent of its section, as far as it has it.
fn dedent(line: &str, indent: usize) -> &str {
    let own = indent_of(line).min(indent);
    &line[own..]
}
