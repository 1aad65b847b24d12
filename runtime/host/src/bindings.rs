//! The contract's bindings as they are generated. Nothing of them is part of this crate's public face.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::use_self,
    reason = "generated"
)]

wasmtime::component::bindgen!({
    path: "../../plugin-sdk/wit/0.1.0/stage.wit",
    world: "stage",
    imports: { default: async | trappable },
    exports: { default: async },
    trappable_error_type: {
        "adw:stage/types.error" => crate::guest::Refused,
        "adw:stage/agent.failure" => crate::guest::Refused,
    },
});
