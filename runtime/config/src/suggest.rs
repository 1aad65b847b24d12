//! "Did you mean": the known word that is nearest to an unknown one.

/// The nearest of the known words, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A slip in three letters; a garbled long word is no nearer to another than to nothing.
    let slips = (word.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(word: &str, candidate: &str) -> usize {
    // What nobody would mistake for a known word must not cost time that grows with its length.
    if word.len() > 64 {
        return usize::MAX;
    }
    let folded = |text: &str| text.to_lowercase().replace('-', "_");
    strsim::damerau_levenshtein(&folded(word), &folded(candidate))
}

/// A list of words for a person: "`a`, `b` and `c`".
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
