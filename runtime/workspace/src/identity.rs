//! In whose name commits are made.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::WorkspaceError;
use crate::git::Git;

/// The author and committer of what a workflow commits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The address, without angle brackets.
    pub email: String,
}

impl Default for Identity {
    /// The runtime itself, for repositories whose person has told git no name.
    fn default() -> Self {
        Self { name: "adw".to_owned(), email: "adw@localhost".to_owned() }
    }
}

impl Identity {
    /// The identity that git is configured with for a repository, else the runtime's own.
    pub(crate) async fn of(common_dir: &Path) -> Result<Self, WorkspaceError> {
        // Without this setting git makes up a name from the user and host of the machine.
        let output = Git::new(["var", "GIT_AUTHOR_IDENT"])
            .git_dir(common_dir)
            .setting("user.useConfigOnly=true")
            .output()
            .await?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(output.status.success().then(|| Self::parse(&told)).flatten().unwrap_or_default())
    }

    /// Reads `Name <address> …`.
    fn parse(ident: &str) -> Option<Self> {
        let (name, rest) = ident.rsplit_once(" <")?;
        let (email, _) = rest.split_once('>')?;
        (!name.is_empty()).then(|| Self { name: name.to_owned(), email: email.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_read_as_git_prints_it() {
        let read = Identity::parse("Ada O. Lovelace <ada@example.com> 1700000000 +0000\n");
        assert_eq!(
            read,
            Some(Identity { name: "Ada O. Lovelace".to_owned(), email: "ada@example.com".to_owned() })
        );
        assert_eq!(Identity::parse("nobody"), None);
    }
}
