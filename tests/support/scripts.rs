//! Shell scripts that play agents and commands.

/// What every script begins with: `tell NAME` leaves its number in a file beside it, which comes into being whole;
/// `leave_a_child` starts one in a session of its own, whose parent is gone, which sleeps.
const PRELUDE: &str = r#"
here=$(dirname "$0")
tell() { echo $$ > "$here/$1.$$"; mv "$here/$1.$$" "$here/$1"; }
if [ "$1" = child ]; then tell child; exec sleep 300; fi
leave_a_child() {
    (setsid "$0" child &)
    while [ ! -e "$here/child" ]; do sleep 0.05; done
}
"#;

/// Sleeps, beside a child that left it.
pub fn sleeper() -> String {
    script("leave_a_child; tell pid; sleep 300")
}

/// The same, deaf to whoever asks politely.
pub fn deaf_sleeper() -> String {
    format!("trap '' INT TERM HUP\n{}\nwhile :; do sleep 300; done", sleeper())
}

/// Says that it is at work, and works once the file `go` is there.
pub fn patient() -> String {
    script(
        r#"
cat > /dev/null
tell pid
n=0
while [ ! -e "$here/go" ] && [ $n -lt 3000 ]; do sleep 0.1; n=$((n + 1)); done
echo done >> work.txt
"#,
    )
}

/// Leaves a line in `ledger`, and half of its work beside a child that left it; once the file `go` is there, it does the
/// rest. It fails where somebody else works there.
pub fn works_in_two_halves() -> String {
    script(
        r#"
cat > /dev/null
echo run >> "$here/ledger"
if [ -e work.txt ]; then echo 'somebody was here before' >&2; exit 8; fi
leave_a_child
echo half > work.txt
tell pid
n=0
while [ ! -e "$here/go" ] && [ $n -lt 3000 ]; do sleep 0.1; n=$((n + 1)); done
if [ "$(cat work.txt)" != half ]; then echo 'the first half is gone' >&2; exit 9; fi
echo whole > work.txt
"#,
    )
}

/// Leaves a line in `ledger`. The first time it does half of its work and sleeps, beside a child that left it; later it does
/// all of it, unless something of the first time is left.
pub fn sleeps_once() -> String {
    script(
        r#"
cat > /dev/null
echo run >> "$here/ledger"
if [ ! -e "$here/pid" ]; then
    leave_a_child
    echo half > work.txt
    tell pid
    sleep 300
fi
for left in pid child; do
    # Who is dead and was not reaped is there, and does nothing.
    if grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$(cat "$here/$left")/status"; then
        echo "$left is still there" >&2
        exit 7
    fi
done
if [ -e work.txt ]; then echo 'somebody was here before' >&2; exit 8; fi
echo whole > work.txt
"#,
    )
}

/// Leaves a line in `ledger`, and ends whoever supervises it.
pub fn kills_its_supervisor() -> String {
    script(
        r#"
echo run >> "$here/ledger"
kill -KILL $PPID
sleep 300
"#,
    )
}

/// Fails until the file `mended` is there.
pub fn fails_until_mended() -> String {
    script(
        r#"
cat > /dev/null
if [ ! -e "$here/mended" ]; then echo 'no such model' >&2; exit 3; fi
echo done > work.txt
"#,
    )
}

fn script(body: &str) -> String {
    format!("{PRELUDE}{body}\n")
}
