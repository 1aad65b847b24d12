//! Where a request goes, against the hosts of an `http` grant.

use adw_core::HttpGrant;
use url::Url;

/// Scheme, host and port of a URL: what a grant is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// Why a URL names no destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoDestination(pub String);

impl Destination {
    /// Where this URL leads.
    ///
    /// It is read as the client reads it that sends the request: two readings of one URL are a way past a grant.
    pub fn of(url: &str) -> Result<Self, NoDestination> {
        let url = Url::parse(url).map_err(|error| NoDestination(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NoDestination(format!("`{}` is not http or https", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NoDestination("a user or password in a URL is not sent; use a header".to_owned()));
        }
        let host = url.host_str().ok_or_else(|| NoDestination("it names no host".to_owned()))?;
        Ok(Self {
            scheme: url.scheme().to_owned(),
            host: host.trim_end_matches('.').to_ascii_lowercase(),
            port: url.port_or_known_default(),
        })
    }

    /// `scheme://host[:port]`, as a grant has it.
    pub fn origin(&self) -> String {
        match (self.scheme.as_str(), self.port) {
            ("http", Some(80)) | ("https", Some(443)) | (_, None) => {
                format!("{}://{}", self.scheme, self.host)
            }
            (_, Some(port)) => format!("{}://{}:{port}", self.scheme, self.host),
        }
    }

    /// Whether this grant lets `method` be sent there.
    pub fn is_granted(&self, grant: &HttpGrant, method: &str) -> bool {
        grant.methods.iter().any(|granted| granted == method) && self.is_within(&grant.host)
    }

    /// `*.domain` is every name below the domain, not the domain itself.
    fn is_within(&self, grant: &str) -> bool {
        let Some((scheme, rest)) = grant.split_once("://") else { return false };
        let (below, rest) = match rest.strip_prefix("*.") {
            Some(domain) => (true, domain),
            None => (false, rest),
        };
        let Ok(granted) = Self::of(&format!("{scheme}://{rest}")) else { return false };
        let host_fits = if below {
            self.host.strip_suffix(&granted.host).is_some_and(|above| above.len() > 1 && above.ends_with('.'))
        } else {
            self.host == granted.host
        };
        host_fits && self.scheme == granted.scheme && self.port == granted.port
    }
}
