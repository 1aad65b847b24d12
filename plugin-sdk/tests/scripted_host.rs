//! What the scripted host answers, and how it fails a test that it doesn't fit.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use adw_plugin_sdk::prelude::*;
use adw_plugin_sdk::testing::{
    Call, Level, Line, Run, agent_fails, exits, killed, reply, respond, timed_out,
};
use adw_plugin_sdk::{AgentError, Exit, Since};

/// Runs a few lines as a stage.
fn on<T: 'static>(host: TestHost, stage: fn(&Cx) -> Result<T, Failure>) -> Run<T> {
    host.run(|cx, stage: fn(&Cx) -> Result<T, Failure>| Ok(Outcome::done("", stage(cx)?)), stage)
}

/// The message of a test that fails.
fn fails<T: 'static>(host: TestHost, stage: fn(&Cx) -> Result<T, Failure>) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| on(host, stage))).err().expect("a failing test");
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn what_is_not_scripted_fails_with_the_line_to_paste() {
    let cases = [
        (
            fails(TestHost::new(), |cx| Ok(cx.exec("cargo").arg("a b").run()?)),
            r#".exec(["cargo", "a b"], exits(0)"#,
        ),
        (fails(TestHost::new(), |cx| Ok(cx.agent().ask("Do it.\nNow.").run()?)), r#".agent(reply("…")"#),
        (fails(TestHost::new(), |cx| Ok(cx.workspace().diff(Since::Base)?)), r#".diff("…")"#),
        (
            fails(TestHost::new(), |cx| Ok(cx.http().get("https://a.example").send()?)),
            r#".http("GET", "https://a.example", respond(200))"#,
        ),
        (fails(TestHost::new(), |cx| Ok(cx.human().ask("May I?").wait()?)), r#".human("yes")"#),
    ];
    for (message, line) in cases {
        assert!(message.contains("which this test doesn't script; add\n    "), "{message}");
        assert!(message.contains(line), "{message}");
    }
}

#[test]
fn what_is_scripted_and_not_asked_for_fails_too() {
    let host = TestHost::new()
        .exec(["make"], exits(0))
        .agent(reply("hello"))
        .diff("")
        .http("GET", "https://a.example", respond(200))
        .human("yes")
        .failing("workspace.read", Error::Timeout("slow".to_owned()));
    let message = fails(host, |_| Ok(()));
    let lines = [
        r#".exec(["make"], …)"#,
        r#".agent(reply("hello"))"#,
        ".diff(…)",
        r#".http("GET", "https://a.example", …)"#,
        ".human(",
        r#".failing("workspace.read""#,
    ];
    for line in lines {
        assert!(message.contains(line), "{message}");
    }
}

#[test]
fn a_test_that_failed_leaves_nothing_to_the_next_on_its_thread() {
    let message = fails(TestHost::new().agent(reply("left over")), |cx| Ok(cx.exec("make").run()?));
    assert!(message.contains("ran `make`"), "{message}");
    let run = on(TestHost::new(), |cx| Ok(cx.workspace().glob("**")?));
    assert_eq!(run.calls.len(), 1);
}

#[test]
fn the_worktree_is_what_the_test_and_the_stage_made_it() {
    let host = TestHost::new().file("src/a.rs", "a").file("src/deep/b.rs", "b").file("bin", [0xff, 0xfe]);
    let run = on(host, |cx| {
        let workspace = cx.workspace();
        assert_eq!(workspace.glob("src/*.rs")?, ["src/a.rs"]);
        assert_eq!(workspace.glob("**/*.rs")?, ["src/a.rs", "src/deep/b.rs"]);
        assert!(matches!(workspace.glob("{"), Err(Error::Invalid(_))));
        assert!(matches!(workspace.read("gone"), Err(Error::NotFound(_))));
        assert!(matches!(workspace.read_text("bin"), Err(Error::Invalid(_))));
        assert_eq!(workspace.read_lossy("bin")?, "\u{fffd}\u{fffd}");

        assert_eq!(workspace.commit("nothing")?, None);
        let before = workspace.checkpoint("before")?;
        workspace.write("src/a.rs", "changed")?;
        workspace.remove("src/deep/b.rs")?;
        assert!(workspace.commit("something")?.is_some());
        workspace.restore(&before)?;
        assert_eq!(workspace.read_text("src/a.rs")?, "a");
        assert!(matches!(workspace.restore(&"checkpoint-9".to_owned().into()), Err(Error::NotFound(_))));
        Ok(())
    });
    assert!(run.result.is_ok());
    assert_eq!(run.commits(), ["something"]);
    assert_eq!(run.file("src/deep/b.rs").as_deref(), Some("b"));
}

#[test]
fn programs_end_as_scripted() {
    let host = TestHost::new()
        .exec(["a"], exits(3).stdout("out").stderr("err").writes("made", ""))
        .exec(["b"], killed(9))
        .exec(["c"], timed_out())
        .exec(["d"], Error::NotFound("no d".to_owned()));
    let run = on(host, |cx| {
        let output =
            cx.exec("a").env("K", "V").cwd("src").stdin("in").timeout(Duration::from_secs(2)).run()?;
        assert_eq!((output.exit, output.success()), (Exit::Code(3), false));
        assert_eq!((&*output.stdout_text(), &*output.stderr_text()), ("out", "err"));
        assert_eq!(cx.workspace().glob("made")?, ["made"]);
        assert_eq!(cx.exec("b").run()?.exit, Exit::Signal(9));
        assert_eq!(cx.exec("c").run()?.exit, Exit::TimedOut);
        assert_eq!(cx.exec("d").run(), Err(Error::NotFound("no d".to_owned())));
        Ok(())
    });
    assert_eq!(run.programs(), ["a", "b", "c", "d"]);
    let Call::Exec { env, cwd, stdin, timeout, .. } = &run.calls[0] else { panic!("{:?}", run.calls) };
    assert_eq!(env.get("K").map(String::as_str), Some("V"));
    assert_eq!(
        (cwd.as_deref(), stdin.as_deref(), *timeout),
        (Some("src"), Some("in"), Some(Duration::from_secs(2)))
    );
}

#[data]
struct Verdict {
    good: bool,
}

#[test]
fn agents_answer_as_scripted() {
    let host = TestHost::new()
        .agent(reply("text").by("claude").session("s1").usage("turns", "3").writes("a", "1").writes("b", "2"))
        .agent(reply("").structured(&json!({ "good": true })))
        .agent(reply("no idea"))
        .agent(agent_fails("rate_limit", "at noon"));
    let run = on(host, |cx| {
        let answer = cx.agent().ask("1").run()?;
        assert_eq!((answer.agent.as_str(), answer.session.as_deref()), ("claude", Some("s1")));
        assert_eq!(answer.changes, ["a", "b"]);
        assert_eq!(answer.usage_as_json(), [("turns".to_owned(), json!(3))].into());
        let ask = || cx.agent().ask("2").read_only().named("claude").session("s1");
        assert!(ask().schema::<Verdict>().run()?.0.good);
        let unusable = ask().schema::<Verdict>().run();
        assert!(
            matches!(unusable, Err(AgentError::Failed(failed)) if failed.class == "empty_or_unparsable_output")
        );
        let limited = ask().run().unwrap_err();
        assert_eq!(
            Failure::from(limited),
            Failure::retryable("rate_limit", "the agent failed (rate_limit): at noon")
        );
        Ok(())
    });
    assert!(run.result.is_ok());
    let Call::Agent { writes, schema, agent, .. } = &run.calls[1] else { panic!("{:?}", run.calls) };
    assert_eq!((*writes, agent.as_deref()), (false, Some("claude")));
    assert!(schema.as_ref().unwrap().contains(r#""good""#));
}

#[test]
fn the_web_and_people_answer_as_scripted() {
    let host = TestHost::new()
        .http("POST", "https://a.example/x", respond(201).header("X-Id", "7").body(r#"{"good":true}"#))
        .human("later")
        .human(json!({ "good": false }));
    let run = on(host, |cx| {
        let request = cx.http().post("https://a.example/x").header("authorization", "{{secret:TOKEN}}");
        let response = request.json(&json!({ "a": 1 }))?.timeout(Duration::from_secs(1)).send()?;
        assert!(response.success() && response.json::<Verdict>()?.good);
        assert_eq!(response.header("x-id"), Some("7"));
        assert_eq!(cx.human().ask("When?").choices(["now", "later"]).wait()?, "later");
        assert!(!cx.human().ask("Good?").schema::<Verdict>().wait()?.good);
        Ok(())
    });
    assert!(run.result.is_ok());
    let Call::Http { headers, body, .. } = &run.calls[0] else { panic!("{:?}", run.calls) };
    assert_eq!(headers[1], ("content-type".to_owned(), "application/json".to_owned()));
    assert_eq!(body.as_deref(), Some(r#"{"a":1}"#));
}

#[test]
fn time_chance_state_and_artifacts_are_modelled() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    let host = TestHost::new().now(start).state("tries", &2).artifact("old", "o");
    let run = on(host, |cx| {
        cx.clock().sleep(Duration::from_secs(5))?;
        let numbers = (cx.random().number()?, cx.random().number()?);
        assert_ne!(numbers.0, numbers.1);
        assert_eq!(cx.random().bytes(3)?.len(), 3);
        let tries: Option<u32> = cx.state().get("tries")?;
        cx.state().set("tries", &tries.map(|tries| tries + 1))?;
        assert_eq!(cx.state().get::<u32>("tries")?, Some(3));
        assert!(matches!(cx.state().get::<String>("tries"), Err(Error::Invalid(_))));
        assert_eq!(cx.artifacts().get("old")?, Some(b"o".to_vec()));
        assert_eq!(cx.artifacts().get("none")?, None);
        let sha256 = cx.artifacts().put("report", "text/plain", "abc")?;
        assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        Ok(cx.clock().now()?)
    });
    assert_eq!(*run.data(), start + Duration::from_secs(5));
    assert_eq!(run.artifact("report"), Some(b"abc".as_slice()));
}

#[test]
fn lines_are_kept_in_order() {
    let run = on(TestHost::new(), |cx| {
        cx.log().info("one");
        cx.progress(130, "two");
        cx.log().error(format_args!("{}", 3));
        Ok(())
    });
    let expected = [
        Line::Log(Level::Info, "one".to_owned()),
        Line::Progress(100, "two".to_owned()),
        Line::Log(Level::Error, "3".to_owned()),
    ];
    assert_eq!(run.lines, expected);
}

#[test]
fn an_error_is_the_failure_that_fits() {
    let text = || "why".to_owned();
    let cases = [
        (Error::Denied(text()), Failure::fatal("denied: why")),
        (Error::Invalid(text()), Failure::fatal("invalid: why")),
        (Error::NotFound(text()), Failure::fatal("not found: why")),
        (Error::Budget(text()), Failure::fatal("out of budget: why")),
        (Error::Timeout(text()), Failure::retryable("timeout", "timed out: why")),
        (Error::Interrupted(text()), Failure::retryable("interrupted", "interrupted: why")),
        (Error::Unavailable(text()), Failure::retryable("unavailable", "unavailable: why")),
    ];
    for (error, expected) in cases {
        let run = on(TestHost::new().failing("clock.now", error), |cx| Ok(cx.clock().now()?));
        assert_eq!(*run.failure(), expected);
    }
}
