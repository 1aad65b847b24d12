//! Bytes in the record of a call. The server tells them in base64; a person reads the text that they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Where a call's request and its answer hold bytes.
type Places = &'static [&'static str];

fn places(call: &str) -> (Places, Places) {
    match call {
        "workspace.read" => (&[], &["/file"]),
        "workspace-write.write" => (&["/write/content"], &[]),
        "exec.run" => (&["/stdin"], &["/stdout", "/stderr"]),
        "http.send" => (&["/body"], &["/body"]),
        "random.bytes" => (&[], &[""]),
        "state.get" => (&[], &["/value"]),
        "state.set" => (&["/set/value"], &[]),
        "artifacts.get" => (&[], &["/content"]),
        "artifacts.put" => (&["/put/content"], &[]),
        _ => (&[], &[]),
    }
}

/// What a call asked, for a person.
pub(super) fn of_request(call: &str, request: &Value) -> Value {
    readable(request, places(call).0)
}

/// What a call was answered, for a person.
pub(super) fn of_answer(call: &str, answer: &Value) -> Value {
    readable(answer, places(call).1)
}

fn readable(recorded: &Value, places: Places) -> Value {
    let mut value = recorded.clone();
    for place in places {
        if let Some(Value::String(bytes)) = value.pointer_mut(place)
            && let Some(text) = text(bytes)
        {
            *bytes = text;
        }
    }
    value
}

/// The text that bytes are, or how many they are; none where this is no base64.
fn text(recorded: &str) -> Option<String> {
    // A mark follows where it was cut, which may be within a character.
    let (base64, is_cut) = recorded.split_once(' ').map_or((recorded, false), |(base64, _)| (base64, true));
    let bytes = STANDARD.decode(base64).ok()?;
    let valid = match std::str::from_utf8(&bytes) {
        Ok(text) => Some(text),
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    Some(match (valid, is_cut) {
        (Some(text), false) => text.to_owned(),
        (Some(text), true) => format!("{text} […]"),
        (None, false) => format!("(binary, {} B)", bytes.len()),
        (None, true) => format!("(binary, more than {} B)", bytes.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_text_where_they_can_be() {
        let cut = |bytes: &[u8]| format!("{} […] (5336 bytes in all)", STANDARD.encode(bytes));
        for (recorded, said) in [
            (STANDARD.encode("1 + 1 = 2\n"), "1 + 1 = 2\n"),
            (String::new(), ""),
            (STANDARD.encode([0xff, 0xfe, 0]), "(binary, 3 B)"),
            (STANDARD.encode(&"ü".as_bytes()[..1]), "(binary, 1 B)"),
            (cut(b"abc"), "abc […]"),
            (cut("abü".as_bytes().split_at(3).0), "ab […]"),
            (cut(&[0xff, 0xfe, 0]), "(binary, more than 3 B)"),
        ] {
            assert_eq!(text(&recorded).as_deref(), Some(said), "{recorded}");
        }
        assert_eq!(text("no base64"), None);
        assert_eq!(text("neither"), None);
    }
}
