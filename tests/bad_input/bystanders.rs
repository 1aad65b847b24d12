//! A server with something to lose.

use serde_json::{Value, json};

use crate::support::{api::Api, feed::Feed, repository::Repository, server::Server};

/// Stages that do nothing, that apply a diff, and that go on until they are ended.
const ADW_TOML: &str = r#"
[projects.demo]
repo = "."
[stages.plan]
plugin = "builtin:noop"
[stages.implement]
plugin = "builtin:implement"
[stages.implement.grants]
workspace = "write"
agent = ["*"]
[stages.hold]
plugin = "builtin:test"
[stages.hold.config]
command = "sleep 600"
[stages.hold.grants]
workspace = "read"
exec = [["sleep", "**"]]
[pipelines.default]
stages = ["plan"]
"#;

/// A server's only workflows, which have nothing to do with what others get wrong: `ended` has ended, `held` is at work.
pub(crate) struct Bystanders<'a> {
    pub(crate) server: Server<'a>,
    repository: &'a Repository,
    before: [Value; 2],
}

/// A repository for one.
pub(crate) fn repository(files: &[(&str, &str)]) -> Repository {
    let repository = Repository::of(files);
    repository.write("adw.toml", ADW_TOML);
    repository
}

impl<'a> Bystanders<'a> {
    pub(crate) async fn start(repository: &'a Repository) -> Self {
        let server = Server::start(repository).await;
        let api = &server.api;
        let task = |id: &str, stage: &str| json!({ "title": "A bystander", "adw_id": id, "stages": [stage] });
        api.create(&task("ended", "plan")).await;
        let ended = api.ends_as("ended", "completed").await;
        let mut feed = Feed::open(api, "held", Some(0)).await;
        api.create(&task("held", "hold")).await;
        feed.until_event("stage_started").await;
        let before = [ended, api.workflow("held").await];
        Self { server, repository, before }
    }

    pub(crate) const fn api(&self) -> &Api {
        &self.server.api
    }

    /// Sees that the server lives, has what it had, and has made nothing of what was refused.
    pub(crate) async fn are_unharmed(self) {
        let list = self.api().get("/api/v1/workflows").await.with(200);
        assert_eq!(list["total"], 2, "nothing was made of it: {list:#}");
        self.are_as_they_were().await;
    }

    /// Sees that the server lives and has what it had, whatever else was made.
    pub(crate) async fn are_as_they_were(self) {
        let api = self.api();
        api.get("/livez").await.with(200);
        api.get("/readyz").await.with(200);
        for before in &self.before {
            let now = api.workflow(before["adw_id"].as_str().unwrap()).await;
            assert_eq!(&now, before);
        }
        let next = api.create(&json!({ "title": "The next one" })).await;
        api.ends_as(&next, "completed").await;
        api.cancel("held").await.with(204);
        let repository = self.repository;
        self.server.terminate().await;
        let log = std::fs::read_to_string(repository.beside("server.log")).unwrap();
        for line in log.lines() {
            assert!(!line.contains("panicked") && !line.contains("ERROR"), "{line}");
        }
    }
}
