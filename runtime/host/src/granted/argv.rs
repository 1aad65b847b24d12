//! Command lines against the patterns of an `exec` grant.

use adw_core::ArgvPattern;

/// Whether a command line, the program first, fits the pattern.
///
/// Elements are compared one by one, so no quoting can turn one argument into two. `*` stands for any characters
/// within an element, the element `**` for any number of elements.
pub fn argv_matches(pattern: &ArgvPattern, argv: &[&str]) -> bool {
    wildcard_matches(
        &pattern.0,
        argv,
        |element| element == "**",
        |element, arg| element_matches(element, arg),
    )
}

/// One element: `*` is any characters.
fn element_matches(element: &str, arg: &str) -> bool {
    wildcard_matches(element.as_bytes(), arg.as_bytes(), |byte| *byte == b'*', |byte, other| byte == other)
}

/// Matches a sequence against one with wildcards that stand for any number of items.
///
/// On a mismatch only the last wildcard takes one item more: an earlier one could gain nothing that the last can't,
/// so this takes at most the product of the two lengths, whatever a plugin sends.
fn wildcard_matches<P, T>(
    pattern: &[P],
    items: &[T],
    is_wildcard: impl Fn(&P) -> bool,
    fits: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut at, mut item) = (0, 0);
    let mut last_wildcard = None;
    while let Some(current) = items.get(item) {
        match pattern.get(at) {
            Some(element) if is_wildcard(element) => {
                last_wildcard = Some((at, item));
                at += 1;
            }
            Some(element) if fits(element, current) => {
                at += 1;
                item += 1;
            }
            _ => {
                let Some((wildcard, taken)) = last_wildcard else { return false };
                last_wildcard = Some((wildcard, taken + 1));
                at = wildcard + 1;
                item = taken + 1;
            }
        }
    }
    pattern.iter().skip(at).all(is_wildcard)
}
