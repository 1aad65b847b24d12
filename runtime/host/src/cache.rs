//! Compiled code on disk, so that a plugin is compiled once on a machine.
//!
//! Loading it runs it: only this cache's own files are loaded, from a folder that is its owner's alone. A file's
//! name is the plugin's digest, its folder's name stands for everything of wasmtime and its settings that compiled
//! code depends on.

use std::fs::{self, DirBuilder, Permissions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::digest::Sha256;
use crate::engine::Engines;

const OWNER_ONLY: u32 = 0o700;

pub(crate) struct Cache {
    fingerprint: String,
    folder: PathBuf,
}

impl Cache {
    /// Opens the cache, made if it isn't there, and takes everybody else's rights away from it.
    pub(crate) fn open(root: &Path, engine: &Engine) -> io::Result<Self> {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let fingerprint = format!("{:016x}", hasher.finish());
        let folder = root.join(&fingerprint);
        DirBuilder::new().recursive(true).mode(OWNER_ONLY).create(&folder)?;
        for folder in [root, &folder] {
            fs::set_permissions(folder, Permissions::from_mode(OWNER_ONLY))?;
        }
        Ok(Self { fingerprint, folder })
    }

    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The compiled plugin, if it is here and whole.
    pub(crate) fn load(&self, engines: &Engines, plugin: Sha256) -> Option<Component> {
        let compiled = self.compiled(plugin);
        let code = fs::read(&compiled).ok()?;
        let noted = fs::read_to_string(self.digest(plugin)).ok()?;
        if noted.trim() != Sha256::of(&code).to_string() {
            tracing::warn!(%plugin, "the compiled plugin in the cache is damaged and is compiled again");
            return None;
        }
        let loaded = engines.all().into_iter().map(|engine| deserialize(engine, &compiled));
        let mut last = None;
        for component in loaded {
            match component {
                Ok(component) => return Some(component),
                // One that fits no slot of the pool is loaded for the other engine.
                Err(error) => last = Some(error),
            }
        }
        tracing::warn!(%plugin, error = ?last, "the compiled plugin in the cache can't be loaded and is compiled again");
        None
    }

    /// Keeps what was compiled. It is whole under its name, or not there.
    pub(crate) fn keep(&self, plugin: Sha256, code: &[u8]) -> io::Result<()> {
        self.write(&self.compiled(plugin), code)?;
        self.write(&self.digest(plugin), Sha256::of(code).to_string().as_bytes())
    }

    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }

    fn compiled(&self, plugin: Sha256) -> PathBuf {
        self.folder.join(format!("{plugin}.cwasm"))
    }

    fn digest(&self, plugin: Sha256) -> PathBuf {
        self.folder.join(format!("{plugin}.sha256"))
    }
}

#[expect(unsafe_code, reason = "compiled code can be loaded in no other way")]
fn deserialize(engine: &Engine, compiled: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file holds what `Engine::precompile_component` gave: nothing but `Cache::keep` writes into this
    // folder, which is its owner's alone, and the file's digest was compared with the one noted when it was written.
    // It is never changed in place, only replaced by renaming, so what is mapped stays as it is.
    unsafe { Component::deserialize_file(engine, compiled) }
}
