//! Takes terminal escapes out of what a program printed.

/// The text without escape sequences (`ESC [ … m` and the like, titles, links) and carriage returns.
pub(crate) fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => match letters.next() {
                // A control sequence ends with a letter or one of a few signs.
                Some('[') => {
                    while letters.next().is_some_and(|next| !('\u{40}'..='\u{7e}').contains(&next)) {}
                }
                // A command to the terminal ends with BEL or with ESC \.
                Some(']') => {
                    while let Some(next) = letters.next() {
                        if next == '\u{7}' || (next == '\u{1b}' && letters.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                    }
                }
                _ => {}
            },
            '\r' => {}
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::without_escapes;

    #[test]
    fn only_the_text_is_left() {
        let cases = [
            ("\u{1b}[1m\u{1b}[31mFAIL\u{1b}[0m x\r\n", "FAIL x\n"),
            ("\u{1b}]8;;https://example.com\u{1b}\\link\u{1b}]8;;\u{7}!", "link!"),
            ("\u{1b}(Bplain", "Bplain"),
            ("cut \u{1b}[3", "cut "),
            ("ünï\u{1b}", "ünï"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_escapes(text), expected);
        }
    }
}
