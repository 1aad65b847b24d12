//! `#[config]` and `#[data]`: the derives an author would write, through the SDK's own serde and schemars.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, Item, Result};

/// What the type is for.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Config,
    Data,
}

impl Kind {
    fn attribute(self) -> &'static str {
        match self {
            Self::Config => "#[config]",
            Self::Data => "#[data]",
        }
    }
}

/// Puts the derives in front of a struct or an enum.
pub(crate) fn expand(kind: Kind, arguments: &TokenStream, item: TokenStream) -> Result<TokenStream> {
    let name = kind.attribute();
    if !arguments.is_empty() {
        return Err(Error::new_spanned(arguments, format!("{name} takes no arguments")));
    }
    let item: Item = syn::parse2(item)?;
    let is_struct = match &item {
        Item::Struct(_) => true,
        Item::Enum(_) => false,
        _ => return Err(Error::new(Span::call_site(), format!("{name} goes on a struct or an enum"))),
    };
    let derives = match kind {
        Kind::Config => quote!(::adw_plugin_sdk::serde::Deserialize, ::adw_plugin_sdk::schemars::JsonSchema),
        Kind::Data => quote!(
            ::adw_plugin_sdk::serde::Serialize,
            ::adw_plugin_sdk::serde::Deserialize,
            ::adw_plugin_sdk::schemars::JsonSchema
        ),
    };
    // A misspelt key in adw.toml must not pass in silence.
    let strict = (matches!(kind, Kind::Config) && is_struct).then(|| quote!(#[serde(deny_unknown_fields)]));
    Ok(quote! {
        #[derive(#derives)]
        #[serde(crate = "::adw_plugin_sdk::serde")]
        #[schemars(crate = "::adw_plugin_sdk::schemars")]
        #strict
        #item
    })
}
