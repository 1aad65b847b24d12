//! What real runners print, and what is read from it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use super::{Tally, read, without_escapes};

#[expect(clippy::unnecessary_wraps, reason = "it stands for what `read` answers")]
fn tally(passed: u32, failed: u32, failures: &[&str]) -> Option<Tally> {
    let failures = failures.iter().map(ToString::to_string).collect();
    Some(Tally { passed, failed, failures, found_none: false })
}

#[test]
fn what_runners_print_when_tests_fail() {
    let cases = [
        (
            include_str!("outputs/cargo.txt"),
            tally(2, 3, &["tests::empty", "tests::panics", "src/lib.rs - sum (line 1)"]),
        ),
        (include_str!("outputs/nextest.txt"), tally(2, 2, &["sums tests::panics", "sums tests::empty"])),
        (
            include_str!("outputs/unittest.txt"),
            tally(
                1,
                6,
                &[
                    "test_a.A.test_boom",
                    "test_a.B.setUpClass",
                    "test_b",
                    "test_a.A.test_bad",
                    "test_a.A.test_sub (i=1)",
                    "test_a.A.test_x",
                ],
            ),
        ),
        (
            include_str!("outputs/pytest.txt"),
            tally(2, 3, &["test_p.py::test_bad", "test_p.py::test_par[2]", "test_p.py::test_fix"]),
        ),
        (include_str!("outputs/pytest_collection.txt"), tally(0, 1, &["test_b.py"])),
        (
            include_str!("outputs/go.txt"),
            tally(2, 3, &["TestDiv", "TestTable", "TestTable/two", "example.com/calc/broken [build failed]"]),
        ),
        (include_str!("outputs/node_tap.txt"), tally(2, 2, &["breaks", "inner bad"])),
        (include_str!("outputs/node_spec.txt"), tally(2, 2, &["breaks", "inner bad"])),
        (include_str!("outputs/jest.txt"), tally(1, 1, &["sum › breaks"])),
        (include_str!("outputs/vitest.txt"), tally(1, 1, &["sum.test.js > sum > breaks"])),
        (include_str!("outputs/mocha.txt"), tally(1, 2, &["sum breaks", "sum deep fails too"])),
    ];
    for (output, expected) in cases {
        assert_eq!(read(&without_escapes(output)), expected, "for\n{output}");
    }
}

#[test]
fn what_runners_print_when_all_is_well() {
    let cases = [
        ("running 2 tests\ntest a ... ok\n\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured", 2),
        ("     Summary [   0.175s] 5 tests run: 5 passed (1 slow), 2 skipped\n", 5),
        ("..\n-----\nRan 2 tests in 0.001s\n\nOK\n", 2),
        ("Ran 3 tests in 0.001s\n\nOK (skipped=1)\n", 2),
        ("..s [100%]\n2 passed, 1 skipped, 3 warnings in 65.40s (0:01:05)\n", 2),
        ("ok  \texample.com/a\t0.01s\nok  \texample.com/b\t(cached)\n", 2),
        ("# tests 2\n# pass 2\n# fail 0\n", 2),
        ("1..3\nok 1 - a\nok 2 - b # SKIP later\nnot ok 3 - c # TODO\n", 1),
        ("Test Suites: 1 passed, 1 total\nTests:       4 passed, 4 total\n", 4),
        ("      Tests  4 passed (4)\n", 4),
        ("  4 passing (18ms)\n  1 pending\n", 4),
    ];
    for (output, passed) in cases {
        assert_eq!(read(output), tally(passed, 0, &[]), "for\n{output}");
    }
}

#[test]
fn runners_that_find_no_test_say_so() {
    let cases = [
        include_str!("outputs/unittest_none.txt"),
        include_str!("outputs/jest_none.txt"),
        "\n-----\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n",
        "===== no tests ran in 0.00s =====",
        "?   \texample.com/a\t[no test files]\n",
        "ok  \texample.com/a\t0.001s [no tests to run]\n",
        "1..0\n",
        "# tests 0\n# pass 0\n# fail 0\n",
        "  0 passing (1ms)\n",
        "error: no tests to run\n(hint: use `--no-tests` to customize)",
    ];
    for output in cases {
        assert_eq!(read(output), Some(Tally::none()), "for\n{output}");
    }
}

#[test]
fn other_text_is_not_taken_for_a_runners() {
    let cases = [
        "",
        "hello\n",
        "error[E0425]: cannot find value `x` in this scope\n --> src/lib.rs:1:5\n",
        "Built 3 files in 2s\n",
        "ok\nok, fine\nnot ok at all\n",
        "Tests are good for you\nTests: none\n",
        "Ran out of memory\n",
        "3 passing cars\n",
        "make: *** No rule to make target 'test'.  Stop.\n",
    ];
    for output in cases {
        assert_eq!(read(output), None, "for\n{output}");
    }
}

#[test]
fn several_runners_in_one_output_are_added_up() {
    let output = format!("{}\n{}", include_str!("outputs/cargo.txt"), include_str!("outputs/pytest.txt"));
    let tally = read(&output).unwrap();
    assert_eq!((tally.passed, tally.failed, tally.failures.len()), (4, 6, 6));
}

#[test]
fn older_pythons_name_the_class_and_the_method_apart() {
    let output = "FAIL: test_bad (tests.test_a.A)\n\nRan 1 test in 0.001s\n\nFAILED (failures=1)\n";
    assert_eq!(read(output), tally(0, 1, &["tests.test_a.A.test_bad"]));
}
