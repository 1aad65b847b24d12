//! What `wit-bindgen` makes of the contract. The one use of it in a plugin's graph is here.

wit_bindgen::generate!({
    path: "contract/stage.wit",
    world: "stage",
    pub_export_macro: true,
    export_macro_name: "export_stage",
    default_bindings_module: "::adw_plugin_sdk::bindings",
    additional_derives: [PartialEq],
});
