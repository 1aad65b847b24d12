/// A word that came from outside, said back to whoever sent it: in quotes, nothing in it that a terminal would obey, and
/// as much of it as it is known by.
///
/// ```
/// assert_eq!(adw_core::quoted("a\nb"), r#""a\nb""#);
/// assert_eq!(adw_core::quoted(&"x".repeat(1000)).chars().count(), 67);
/// ```
pub fn quoted(word: &str) -> String {
    const LONGEST: usize = 64;
    let shown: String = word.chars().take(LONGEST).collect();
    let cut = if shown.len() < word.len() { "…" } else { "" };
    format!("{shown:?}{cut}")
}
