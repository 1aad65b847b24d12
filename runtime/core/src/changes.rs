//! What is different between two documents, in the words of adw.toml.

use crate::{Pipeline, StageSpec};

impl Pipeline {
    /// The keys of adw.toml that a later document has other values of: `stages.test.grants`.
    pub(crate) fn changes(&self, now: &Self) -> Vec<String> {
        let project = (self.project != now.project).then(|| format!("projects.{}", now.project.name));
        let stages = (self.stage_names() != now.stage_names()).then(|| match &now.name {
            Some(name) => format!("pipelines.{name}.stages"),
            None => "stages".to_owned(),
        });
        let finally = now.name.as_ref().filter(|_| self.finally_names() != now.finally_names());
        let finally = finally.map(|name| format!("pipelines.{name}.finally"));
        let of_each = now.all_stages().filter_map(|now| Some((self.stage(&now.name)?, now)));
        let of_each = of_each.flat_map(|(before, now)| {
            before.changes(now).map(|key| format!("stages.{}.{key}", now.name)).collect::<Vec<_>>()
        });
        let budget = (self.budget != now.budget).then(|| "budget".to_owned());
        project.into_iter().chain(stages).chain(finally).chain(of_each).chain(budget).collect()
    }
}

impl StageSpec {
    fn changes(&self, now: &Self) -> impl Iterator<Item = &'static str> {
        // Taken apart, so that a member that is new can't be forgotten.
        let Self {
            name: _,
            plugin,
            config,
            grants,
            limits,
            timeout_ms,
            silence_ms,
            retry,
            on_rework,
            max_rework,
            agent,
            questions,
        } = self;
        let (asks, asks_now) = (questions.as_ref(), now.questions.as_ref());
        [
            ("plugin", *plugin != now.plugin),
            ("config", *config != now.config),
            ("grants", *grants != now.grants),
            ("limits", *limits != now.limits),
            ("timeout", *timeout_ms != now.timeout_ms),
            ("silence", *silence_ms != now.silence_ms),
            ("retry", *retry != now.retry),
            ("on_rework", *on_rework != now.on_rework),
            ("max_rework", *max_rework != now.max_rework),
            ("agent", *agent != now.agent),
            ("question_timeout", asks.map(|asks| asks.timeout_ms) != asks_now.map(|asks| asks.timeout_ms)),
            ("question_default", asks.map(|asks| &asks.default) != asks_now.map(|asks| &asks.default)),
        ]
        .into_iter()
        .filter_map(|(key, differs)| differs.then_some(key))
    }
}
