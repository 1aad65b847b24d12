//! Text of guests, made safe for terminals and of bounded length.

/// Leaves out what a terminal would act upon: escape sequences and control characters but line breaks and tabs.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_parameters(&mut chars),
            '\u{90}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// What comes after ESC.
fn skip_escape(chars: &mut Chars<'_>) {
    match chars.next_if(|c| !c.is_control()) {
        Some('[') => skip_parameters(chars),
        Some(']' | 'P' | '_' | '^' | 'X') => skip_string(chars),
        // Intermediate characters, then one that ends the sequence.
        Some(' '..='/') => {
            while chars.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            chars.next_if(|c| !c.is_control());
        }
        _ => {}
    }
}

/// A control sequence: parameters up to a letter or the like.
fn skip_parameters(chars: &mut Chars<'_>) {
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    chars.next_if(|c| matches!(c, '@'..='~'));
}

/// A title, a link and the like: up to BEL or ST, but never past the line.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(c) = chars.next_if(|c| *c != '\n') {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' if chars.next_if_eq(&'\\').is_some() => return,
            _ => {}
        }
    }
}

/// The beginning of a text, and a mark where something was cut.
pub(crate) fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes);
    format!("{}… [{} bytes cut]", &text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::{cut, printable};

    #[test]
    fn terminal_escapes_are_left_out() {
        let cases = [
            ("plain\ttext\n", "plain\ttext\n"),
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;https://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}P1$tx\u{1b}\\after", "after"),
            ("\u{1b}]never ends\nnext line", "\nnext line"),
            ("\u{9b}2Jcleared", "cleared"),
            ("\u{1b}(Bcharset", "charset"),
            ("over\rwritten\u{8}", "overwritten"),
            ("ends in escape \u{1b}", "ends in escape "),
            ("ends in sequence \u{1b}[12", "ends in sequence "),
            ("grüße 🦀", "grüße 🦀"),
        ];
        for (text, expected) in cases {
            assert_eq!(printable(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_cut_never_falls_within_a_character() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("grüße", 3), "gr… [5 bytes cut]");
    }
}
