//! The attributes of `adw-plugin-sdk`, which re-exports them: `#[stage]`, `#[config]` and `#[data]`.
//!
//! Authors depend on the SDK, never on this crate: what the attributes write refers to the SDK alone.

mod shape;
mod stage;

use proc_macro::TokenStream;

/// Makes a function the stage that this crate is.
///
/// The function takes `&Cx` and a configuration, and returns a `StageResult`. The plugin's name and version are
/// those of its `Cargo.toml` (a leading `adw-plugin-` is dropped), its summary is the first paragraph of the
/// function's doc comment, and the JSON Schemas of its configuration and of its output are derived from the types.
///
/// ```
/// use adw_plugin_sdk::prelude::*;
///
/// #[config]
/// #[derive(Default)]
/// #[serde(default)]
/// struct Config {
///     /// Whom to greet.
///     name: String,
/// }
///
/// /// Greets somebody.
/// #[stage]
/// fn greet(cx: &Cx, config: Config) -> StageResult {
///     cx.log().info(format_args!("hello {}", config.name));
///     Ok(Outcome::done("greeted", json!({ "name": config.name })))
/// }
/// ```
#[proc_macro_attribute]
pub fn stage(arguments: TokenStream, item: TokenStream) -> TokenStream {
    stage::expand(&arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// A stage's configuration: what stands in `[stages.<name>.config]`.
///
/// Derives `Deserialize` and `JsonSchema` and refuses keys that the type doesn't have. `#[serde(…)]` works as
/// usual: `#[serde(default)]` on the type, with `#[derive(Default)]`, makes every key optional.
#[proc_macro_attribute]
pub fn config(arguments: TokenStream, item: TokenStream) -> TokenStream {
    shape::expand(shape::Kind::Config, &arguments.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Data that leaves or enters a stage: its output, an agent's structured answer, a value kept in `cx.state()`.
///
/// Derives `Serialize`, `Deserialize` and `JsonSchema`.
#[proc_macro_attribute]
pub fn data(arguments: TokenStream, item: TokenStream) -> TokenStream {
    shape::expand(shape::Kind::Data, &arguments.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
