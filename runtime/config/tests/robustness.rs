//! Whatever is in the file: an answer, never a panic; and an error that points into the file.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use adw_config::{Config, Env, Location, init};
use proptest::prelude::*;

fn valid() -> String {
    init::render(&init::Facts {
        base: Some("main".to_owned()),
        runners: vec![init::Runner::new("pytest", &["pytest"])],
    })
}

/// Reads the text and looks at everything that an answer holds.
fn check(text: &str) {
    let Err(errors) = Config::parse(text, "adw.toml", "/project", &Env::empty()) else { return };
    assert!(errors.iter().len() > 0);
    let lines = text.split('\n').count();
    for error in errors.iter() {
        if let Location::Line { line, column, length, source, .. } = &error.location {
            assert!((1..=lines).contains(line), "{error:?}");
            assert!(*column >= 1 && *column <= source.chars().count() + 1 && *length >= 1, "{error:?}");
        }
    }
    let shown = errors.to_string();
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
}

/// A piece of TOML, right or wrong, that means something to the reader.
fn piece() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "server",
        "store",
        "projects",
        "secrets",
        "agents",
        "stages",
        "pipelines",
        "limits",
        "budget",
        "cost_usd",
        "tokens",
        "wall",
        "usage",
        "silence",
        "default",
        "plan",
        "test",
        "listen",
        "url",
        "repo",
        "base",
        "plugin",
        "path",
        "grants",
        "exec",
        "http",
        "retry",
        "config",
        "on_rework",
        "agent",
        "command",
        "profile",
        "stages",
        "finally",
        "queue",
        "\"a b\"",
        "''",
        "é",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "-1",
        "0x10",
        "1.5",
        "nan",
        "true",
        "\"\"",
        "\"plan\"",
        "\"builtin:plan\"",
        "\"*\"",
        "\"write\"",
        "\"15m\"",
        "\"1m..2s\"",
        "[]",
        "[[]]",
        "[\"plan\"]",
        "[[\"a\", \"**\"]]",
        "{}",
        "{ env = \"A\" }",
        "{ default = { stages = [\"plan\"] } }",
        "1979-05-27",
        "\"\"\"\n\u{e9}\n\"\"\"",
        "99999999999999999999",
        "[1,",
        "\"command\"",
        "\"sqlite:x\"",
        "\"://\"",
        "\"http://[::1]:1\"",
        "\"http://*.a\"",
        "\"]:\"",
        "\"[\"",
    ]);
    let path = prop::collection::vec(key, 1..4).prop_map(|keys| keys.join("."));
    (path, value, 0..3u8).prop_map(|(path, value, shape)| match shape {
        0 => format!("[{path}]\n"),
        1 => format!("[[{path}]]\n"),
        _ => format!("{path} = {value}\n"),
    })
}

/// Telling of each would take longer with every line.
#[test]
fn a_file_that_is_wrong_throughout_is_told_of_at_once_and_in_few_words() {
    for line in ["key = 1\n", "no value\n", "[stages.x]\ntimeout = 1\n"] {
        let lines = 1..40_000;
        let text: String =
            lines.map(|n| line.replace('k', &format!("k{n}")).replace('x', &format!("x{n}"))).collect();
        let begun = std::time::Instant::now();
        let errors = Config::parse(&text, "adw.toml", "/project", &Env::empty()).unwrap_err();
        assert!(begun.elapsed().as_secs() < 20, "{line:?} took {:?}", begun.elapsed());
        assert_eq!(errors.iter().len(), 101, "{line:?}");
        assert!(errors.to_string().contains("there is more that is wrong"), "{line:?}");
    }
}

#[test]
fn a_name_without_end_is_not_said_to_its_end() {
    let text = format!("{} = 1\n", "name".repeat(100_000));
    let errors = Config::parse(&text, "adw.toml", "/project", &Env::empty()).unwrap_err();
    assert!(errors.to_string().len() < 2000, "{errors}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC*|[\\x00-\\x7f]*") {
        check(&text);
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(piece(), 0..12)) {
        check(&pieces.concat());
    }

    #[test]
    fn a_right_file_with_a_wrong_stretch(start in 0..5000usize, length in 0..40usize, put in "\\PC{0,8}|[\\[\\]\"'=#\n\t{}.]{0,4}") {
        let text: Vec<char> = valid().chars().collect();
        let start = start.min(text.len());
        let end = (start + length).min(text.len());
        let mutated: String = text[..start].iter().copied().chain(put.chars()).chain(text[end..].iter().copied()).collect();
        check(&mutated);
    }

    #[test]
    fn any_variable(value in "\\PC*", section in "SERVER_LISTEN|SERVER_CORS_ORIGINS|SERVER_ALLOWED_HOSTS|STORE_URL|LIMITS_QUEUE|LIMITS_X") {
        let env: Env = [(format!("ADW_{section}"), value)].into_iter().collect();
        if let Err(errors) = Config::parse("", "adw.toml", "/project", &env) {
            for error in errors {
                let of_variable = matches!(error.location, Location::Variable { .. });
                prop_assert!(of_variable);
            }
        }
    }
}
