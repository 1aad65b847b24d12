//! `#[stage]`: the exports of the contract around one function.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Error, Expr, ExprLit, ItemFn, Lit, Meta, Result, ReturnType};

/// The function itself, and beside it the plugin that it is.
pub(crate) fn expand(arguments: &TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new_spanned(arguments, "#[stage] takes no arguments"));
    }
    let function: ItemFn = syn::parse2(item)?;
    check(&function)?;
    let name = &function.sig.ident;
    let summary = summary(&function.attrs);
    Ok(quote! {
        #[allow(clippy::needless_pass_by_value, reason = "a stage owns its configuration")]
        #function

        const _: () = {
            struct Plugin;

            impl ::adw_plugin_sdk::__private::Guest for Plugin {
                fn describe() -> ::adw_plugin_sdk::__private::Description {
                    ::adw_plugin_sdk::__private::describe(
                        ::core::env!("CARGO_PKG_NAME"),
                        ::core::env!("CARGO_PKG_VERSION"),
                        #summary,
                        #name,
                    )
                }

                fn run(
                    context: ::adw_plugin_sdk::__private::Context,
                ) -> ::core::result::Result<
                    ::adw_plugin_sdk::__private::Outcome,
                    ::adw_plugin_sdk::__private::Failure,
                > {
                    ::adw_plugin_sdk::__private::run(#name, context)
                }
            }

            ::adw_plugin_sdk::__export_stage!(Plugin);
        };
    })
}

/// Says what is wrong with a function that can't be a stage, at the place where it is wrong.
fn check(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if let Some(asyncness) = &signature.asyncness {
        return Err(Error::new_spanned(
            asyncness,
            "a stage isn't async: calls to the host block, and the runtime suspends it",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, "a stage has no generic parameters"));
    }
    if signature.inputs.len() != 2 {
        return Err(Error::new_spanned(
            signature,
            "a stage takes two arguments, `cx: &Cx, config: Config`; where there is nothing to configure, `_: NoConfig`",
        ));
    }
    if matches!(signature.output, ReturnType::Default) {
        return Err(Error::new_spanned(signature, "a stage returns a `StageResult`"));
    }
    Ok(())
}

/// The first paragraph of the doc comment, on one line.
fn summary(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    });
    let paragraph: Vec<String> = lines
        .map(|line| line.trim().to_owned())
        .skip_while(String::is_empty)
        .take_while(|line| !line.is_empty())
        .collect();
    paragraph.join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

    use super::{expand, summary};
    use quote::quote;
    use syn::{ItemFn, parse_quote};

    #[test]
    fn the_summary_is_the_first_paragraph_on_one_line() {
        let function: ItemFn = parse_quote! {
            ///
            /// Runs the tests of
            /// the repository.
            ///
            /// More about it.
            fn test() {}
        };
        assert_eq!(summary(&function.attrs), "Runs the tests of the repository.");
    }

    #[test]
    fn what_can_not_be_a_stage_is_refused_with_the_reason() {
        let cases = [
            (
                quote!(
                    async fn f(cx: &Cx, c: C) -> StageResult {
                        todo!()
                    }
                ),
                "isn't async",
            ),
            (
                quote!(
                    fn f<T>(cx: &Cx, c: T) -> StageResult {
                        todo!()
                    }
                ),
                "no generic parameters",
            ),
            (
                quote!(
                    fn f(cx: &Cx) -> StageResult {
                        todo!()
                    }
                ),
                "takes two arguments",
            ),
            (
                quote!(
                    fn f(cx: &Cx, c: C) {
                        todo!()
                    }
                ),
                "returns a `StageResult`",
            ),
        ];
        for (function, reason) in cases {
            let error = expand(&quote!(), function).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
