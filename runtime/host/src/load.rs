//! From the bytes of a plugin to a component that can be instantiated.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use adw_stage_wit::CONTRACT_VERSION;
use wasmparser::Validator;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};
use wit_component::ComponentEncoder;

use crate::bindings::{Stage, StagePre};
use crate::cache::Cache;
use crate::capability::Capability;
use crate::contract::{self, Import};
use crate::digest::Sha256;
use crate::engine::Engines;
use crate::guest::Guest;
use crate::trouble::Cause;

/// A plugin's file may be this long, in bytes.
pub const LARGEST_PLUGIN: usize = 64 << 20;

/// Why a plugin doesn't load: what follows its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file is too long.
    #[error("has {} MiB and may have {} MiB; build it in release mode, without debug information", .0.div_ceil(1 << 20), LARGEST_PLUGIN >> 20)]
    TooLarge(usize),
    /// It is compiled code already, which would run unchecked.
    #[error("is precompiled code, which adw takes from nobody; give it the .wasm that it was made from")]
    Precompiled,
    /// It isn't WebAssembly.
    #[error("is no WebAssembly; give it the .wasm that the build left in target/wasm32-unknown-unknown")]
    NotWasm,
    /// It is damaged, or uses what adw leaves out.
    #[error("is no valid WebAssembly for adw: {reason}; build it anew for wasm32-unknown-unknown")]
    Invalid {
        /// What is wrong.
        reason: String,
    },
    /// It is WebAssembly, but no stage.
    #[error("doesn't export `{export}`, and so is no stage; write it with the adw plugin SDK and `#[stage]`")]
    NotAStage {
        /// What is missing.
        export: &'static str,
    },
    /// It was built for another version of the contract.
    #[error(
        "is built for adw:stage {built_for}{by}, and this adw offers {CONTRACT_VERSION}; build it with an SDK for {CONTRACT_VERSION}, or use an adw that offers {built_for}"
    )]
    WrongContract {
        /// The version that it needs.
        built_for: String,
        /// What it was built with, where that is known.
        by: String,
    },
    /// It wants what no stage gets.
    #[error(
        "imports `{import}`, which stages are not given; build it for wasm32-unknown-unknown with the adw plugin SDK, without WASI"
    )]
    UnknownImport {
        /// The import.
        import: String,
    },
    /// Its idea of the contract is another.
    #[error(
        "has other types than adw:stage {CONTRACT_VERSION}: {reason}; build it again with an SDK for {CONTRACT_VERSION}"
    )]
    Misfit {
        /// What differs.
        reason: String,
    },
    /// It takes too long to compile.
    #[error("was not compiled within {} s; make it smaller, above all its largest functions", .0.as_secs())]
    Slow(Duration),
    /// It can't say what it is.
    #[error("{}", .0.told(None))]
    Undescribed(Cause),
    /// What it says makes no sense.
    #[error("describes itself wrongly: {reason}; the fault is the plugin's own")]
    BadDescription {
        /// What is wrong.
        reason: String,
    },
}

/// Refuses what is too long to be looked at.
pub(crate) fn check_length(bytes: &[u8]) -> Result<(), LoadError> {
    if bytes.len() > LARGEST_PLUGIN { Err(LoadError::TooLarge(bytes.len())) } else { Ok(()) }
}

/// Checks the bytes and compiles them, or takes what was compiled before. Slow: not for a thread that serves.
pub(crate) fn component(
    engines: &Engines,
    cache: &Cache,
    plugin: Sha256,
    bytes: &[u8],
) -> Result<Component, LoadError> {
    let form = Form::of(bytes)?;
    contract::check(bytes)?;
    if let Some(component) = cache.load(engines, plugin) {
        return Ok(component);
    }
    let component = encode(engines, form, bytes)?;
    let code = engines.on_demand.precompile_component(&component).map_err(|error| invalid(&error))?;
    if let Err(error) = cache.keep(plugin, &code) {
        tracing::warn!(%plugin, %error, "the compiled plugin can't be kept, and is compiled again next time");
    } else if let Some(component) = cache.load(engines, plugin) {
        return Ok(component);
    }
    compile(engines, &component)
}

/// What a plugin may come as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Core,
    Component,
}

impl Form {
    fn of(bytes: &[u8]) -> Result<Self, LoadError> {
        if Engine::detect_precompiled(bytes).is_some() {
            return Err(LoadError::Precompiled);
        }
        match bytes.get(..8) {
            Some(b"\0asm\x01\0\0\0") => Ok(Self::Core),
            Some(b"\0asm\x0d\0\x01\0") => Ok(Self::Component),
            _ => Err(LoadError::NotWasm),
        }
    }
}

/// The component, valid: compiling isn't covered by wasmtime's promise of safety, so nothing else gets that far.
fn encode<'a>(engines: &Engines, form: Form, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, LoadError> {
    let validate = |bytes: &[u8]| {
        Validator::new_with_features(engines.on_demand.get_wasm_features())
            .validate_all(bytes)
            .map_err(|error| LoadError::Invalid { reason: error.to_string() })
    };
    validate(bytes)?;
    if form == Form::Component {
        return Ok(Cow::Borrowed(bytes));
    }
    let component = ComponentEncoder::default()
        .module(bytes)
        .and_then(|encoder| encoder.validate(false).encode())
        .map_err(|error| LoadError::Invalid { reason: format!("{error:#}") })?;
    validate(&component)?;
    Ok(Cow::Owned(component))
}

fn compile(engines: &Engines, component: &[u8]) -> Result<Component, LoadError> {
    if let Some(pooled) = &engines.pooled
        && let Ok(component) = Component::from_binary(pooled, component)
    {
        return Ok(component);
    }
    Component::from_binary(&engines.on_demand, component).map_err(|error| invalid(&error))
}

fn invalid(error: &wasmtime::Error) -> LoadError {
    LoadError::Invalid { reason: format!("{error:#}") }
}

/// What a component imports, and the component with its imports found: done once, so that an instance costs little.
pub(crate) fn link(component: &Component) -> Result<(BTreeSet<Capability>, StagePre<Guest>), LoadError> {
    let engine = component.engine();
    let kind = component.component_type();
    let mut imports = BTreeSet::new();
    for (name, _) in kind.imports(engine) {
        if let Import::Capability(capability) = contract::import(name)? {
            imports.insert(capability);
        }
    }
    if let Some(export) =
        ["describe", "run"].into_iter().find(|export| kind.get_export(engine, export).is_none())
    {
        return Err(LoadError::NotAStage { export });
    }
    let mut linker = Linker::new(engine);
    let stage = Stage::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest)
        .and_then(|()| linker.instantiate_pre(component))
        .and_then(StagePre::new)
        .map_err(|error| misfit(&error))?;
    Ok((imports, stage))
}

pub(crate) fn misfit(error: &wasmtime::Error) -> LoadError {
    LoadError::Misfit { reason: format!("{error:#}") }
}
