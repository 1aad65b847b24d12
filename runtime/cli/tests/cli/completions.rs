//! Scripts that complete the command line.

use std::process::Command;

use crate::support::run;

#[test]
fn bash_loads_the_script_and_completes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let script = run(folder.path(), ["completions", "bash"]);
    assert_eq!((script.code, script.stderr.as_str()), (Some(0), ""));
    std::fs::write(folder.path().join("adw.bash"), &script.stdout).unwrap();
    for (line, expected) in [
        ("adw sho", "show"),
        ("adw completions ba", "bash"),
        ("adw ls --stat", "--status"),
        ("adw ls --status comp", "completed"),
        ("adw run --no-fol", "--no-follow"),
    ] {
        // As bash calls it at a Tab: the words so far, and which of them is being typed.
        let ask = format!(
            "set -e; source ./adw.bash; COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             complete -p adw > /dev/null; _adw adw \"${{COMP_WORDS[COMP_CWORD]}}\" \
             \"${{COMP_WORDS[COMP_CWORD-1]}}\"; echo \"${{COMPREPLY[*]}}\""
        );
        let output =
            Command::new("bash").args(["--norc", "-c", &ask]).current_dir(folder.path()).output().unwrap();
        let said = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!((said.0.trim(), &*said.1), (expected, ""), "{line}");
    }
}

#[test]
fn there_is_a_script_for_every_usual_shell() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, begins) in [
        ("bash", "_adw() {"),
        ("elvish", "\nuse builtin;"),
        ("fish", "# Print an optspec"),
        ("powershell", "\nusing namespace"),
        ("zsh", "#compdef adw"),
    ] {
        let script = run(folder.path(), ["completions", shell]);
        assert_eq!(script.code, Some(0));
        assert!(script.stdout.starts_with(begins), "{shell}: {}", &script.stdout[..80]);
        assert!(script.stdout.contains("no-follow"), "{shell}");
    }
    let unknown = run(folder.path(), ["completions", "csh"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("[possible values: bash, elvish, fish"), "{}", unknown.stderr);
}
