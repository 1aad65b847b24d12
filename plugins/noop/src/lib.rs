//! The built-in `noop` stage: it does nothing and says so. For benchmarks, examples and pipelines under construction.

use adw_plugin_sdk::prelude::*;

/// Does nothing.
#[stage]
pub fn noop(_: &Cx, _: NoConfig) -> StageResult {
    Ok(Outcome::done("nothing to do, and done", Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_done_and_asks_nothing() {
        let run = TestHost::new().run(noop, NoConfig {});
        assert_eq!(run.summary(), "nothing to do, and done");
        assert_eq!(run.calls, []);
    }

    #[test]
    fn a_configuration_is_a_mistake() {
        let run = TestHost::new().stage("rest").run_json(noop, &json!({ "speed": 3 }));
        assert!(matches!(run.failure(), Failure::Fatal(message) if message.contains("[stages.rest.config]")
            && message.contains("unknown field `speed`")));
    }
}
