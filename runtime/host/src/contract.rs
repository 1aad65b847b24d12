//! Which version of the contract a plugin was built for, read from its bytes before anything of it runs.

use adw_stage_wit::{CONTRACT_VERSION, CUSTOM_SECTION};
use semver::Version;
use serde::Deserialize;
use wasmparser::{Parser, Payload};

use crate::capability::Capability;
use crate::load::LoadError;

/// What the SDK notes in a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct BuiltWith {
    contract: Version,
    #[serde(default)]
    sdk: Option<String>,
    #[serde(default)]
    language: Option<String>,
}

/// What a component's import asks for.
pub(crate) enum Import {
    /// Types only.
    Types,
    Capability(Capability),
}

/// Reads the note, wherever in a module or component it lies. Plugins made without the SDK may have none.
fn built_with(bytes: &[u8]) -> Result<Option<BuiltWith>, LoadError> {
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| LoadError::Invalid { reason: error.to_string() })?;
        if let Payload::CustomSection(section) = payload
            && section.name() == CUSTOM_SECTION
        {
            let note = serde_json::from_slice(section.data()).map_err(|error| LoadError::Invalid {
                reason: format!("its section `{CUSTOM_SECTION}` can't be read: {error}"),
            })?;
            return Ok(Some(note));
        }
    }
    Ok(None)
}

/// Refuses what was built for a contract that isn't offered.
pub(crate) fn check(bytes: &[u8]) -> Result<(), LoadError> {
    match built_with(bytes)? {
        Some(BuiltWith { contract, sdk, language }) if !is_offered(&contract) => {
            let by = match (sdk, language) {
                (Some(sdk), Some(language)) => format!(" with the {language} SDK {sdk}"),
                (Some(sdk), None) => format!(" with the SDK {sdk}"),
                (None, _) => String::new(),
            };
            Err(LoadError::WrongContract { built_for: contract.to_string(), by })
        }
        _ => Ok(()),
    }
}

/// What an import of a component is. Anything that isn't this contract's is refused here, by its name: the linker
/// would only say that it has nothing that matches.
pub(crate) fn import(name: &str) -> Result<Import, LoadError> {
    let unknown = || LoadError::UnknownImport { import: name.to_owned() };
    let (interface, version) =
        name.strip_prefix("adw:stage/").and_then(|name| name.split_once('@')).ok_or_else(unknown)?;
    if !version.parse().is_ok_and(|version| is_offered(&version)) {
        return Err(LoadError::WrongContract { built_for: version.to_owned(), by: String::new() });
    }
    match Capability::from_interface(interface) {
        Some(capability) => Ok(Import::Capability(capability)),
        None if interface == "types" => Ok(Import::Types),
        None => Err(unknown()),
    }
}

/// Below 1.0 each minor version is a contract of its own.
fn is_offered(built_for: &Version) -> bool {
    Version::parse(CONTRACT_VERSION).is_ok_and(|offered| {
        built_for.pre.is_empty()
            && built_for.major == offered.major
            && if offered.major == 0 {
                built_for.minor == offered.minor
            } else {
                built_for.minor <= offered.minor
            }
    })
}
