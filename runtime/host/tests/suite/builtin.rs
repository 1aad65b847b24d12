//! The stages that come with the runtime, as the SDK builds them.

use adw_core::Grants;
use adw_host::{Capability, Outcome};
use adw_plugins_bundle::{BUILTINS, builtin};

use crate::scripted::{Fixture, Scripted, attempt};

#[tokio::test]
async fn each_builtin_loads_and_describes_itself() {
    let fixture = Fixture::new();
    for builtin in BUILTINS {
        let plugin = fixture.host.load(builtin.wasm).await.unwrap();
        assert_eq!(plugin.description().name, builtin.name);
        assert!(plugin.description().config_schema.is_object());
    }
}

#[tokio::test]
async fn noop_wants_nothing_but_log_and_is_done() {
    let fixture = Fixture::new();
    let plugin = fixture.host.load(builtin("noop").unwrap()).await.unwrap();
    assert!(
        plugin.imports().iter().all(|capability| *capability == Capability::Log),
        "{:?}",
        plugin.imports()
    );
    assert!(plugin.check_grants(&Grants::default(), "noop").is_ok());
    let ran = fixture.host.run(&plugin, attempt(Scripted::new([]))).await;
    assert!(matches!(ran.result, Ok(Ok(Outcome::Done { .. }))), "{ran:?}");
}

#[tokio::test]
async fn the_same_attempt_takes_the_same_fuel_every_time() {
    let fixture = Fixture::new();
    let plugin = fixture.host.load(builtin("noop").unwrap()).await.unwrap();
    let first = fixture.host.run(&plugin, attempt(Scripted::new([]))).await;
    for _ in 0..5 {
        assert_eq!(fixture.host.run(&plugin, attempt(Scripted::new([]))).await, first);
    }
}
