//! A task, and all that a client knows of it.

use serde_json::{Value, json};

use crate::support::chance::Chance;

/// What happens to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its stages do nothing.
    Plain,
    /// An agent works on it.
    Agent,
    /// So does one that achieves nothing the first time, and is asked again a while later.
    Retried,
    /// A person is asked, and answers.
    Question,
    /// It is cancelled while an agent works on it.
    Cancelled,
}

impl Kind {
    pub const ALL: &[Self] = &[Self::Plain, Self::Agent, Self::Retried, Self::Question, Self::Cancelled];

    /// Any; but an agent's work takes the machine a hundred times longer than none.
    pub fn any(chance: &mut Chance) -> Self {
        match chance.below(16) {
            0 => Self::Agent,
            1 => Self::Retried,
            2 => Self::Cancelled,
            3..=4 => Self::Question,
            _ => Self::Plain,
        }
    }

    const fn pipeline(self) -> &'static str {
        match self {
            Self::Plain => "default",
            Self::Agent | Self::Retried | Self::Cancelled => "work",
            Self::Question => "ask",
        }
    }

    const fn agent(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Question => None,
            Self::Agent => Some("quick"),
            Self::Retried => Some("flaky"),
            Self::Cancelled => Some("slow"),
        }
    }

    /// The stages that it goes through.
    pub const fn stages(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &["one", "two", "three"],
            Self::Agent | Self::Retried | Self::Cancelled => &["work", "one"],
            Self::Question => &["ask", "one"],
        }
    }

    /// The event that ends it.
    pub const fn end(self) -> &'static str {
        match self {
            Self::Cancelled => "workflow_cancelled",
            _ => "workflow_completed",
        }
    }

    /// How often the agent is to be asked.
    pub const fn runs(self) -> usize {
        match self {
            Self::Plain | Self::Question | Self::Cancelled => 0,
            Self::Agent => 1,
            Self::Retried => 2,
        }
    }
}

/// An event, as somebody was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub seq: u64,
    pub event: String,
    pub at: String,
}

impl Told {
    /// What a feed's message tells, if it tells of an event.
    pub fn of_message(message: &Value) -> Option<Self> {
        let text = |name: &str| message[name].as_str().unwrap().to_owned();
        Some(Self { seq: message["seq"].as_u64()?, event: text("event"), at: text("timestamp") })
    }

    pub fn is_end(&self) -> bool {
        ["workflow_completed", "workflow_failed", "workflow_cancelled"].contains(&self.event.as_str())
    }
}

/// A task that was handed over.
#[derive(Clone, Debug)]
pub struct Task {
    pub adw_id: String,
    pub kind: Kind,
    /// The client was told 201.
    pub is_acknowledged: bool,
    /// The client's answer was taken, and it was told so.
    pub is_answered: bool,
    /// All that came over its feeds, one after the other.
    pub heard: Vec<Told>,
}

impl Task {
    pub fn new(adw_id: String, kind: Kind) -> Self {
        Self { adw_id, kind, is_acknowledged: false, is_answered: false, heard: Vec::new() }
    }

    /// As it is handed over.
    pub fn json(&self) -> Value {
        let Self { adw_id, kind, .. } = self;
        json!({ "title": adw_id, "adw_id": adw_id, "pipeline": kind.pipeline(), "agent": kind.agent() })
    }

    /// The last event that the client has.
    pub fn last(&self) -> u64 {
        self.heard.iter().map(|told| told.seq).max().unwrap_or(0)
    }

    /// Whether somebody has to do something about it, or may have to.
    pub fn is_unfinished(&self) -> bool {
        self.kind != Kind::Plain && !self.has_heard_the_end()
    }

    pub fn has_heard(&self, event: &str) -> bool {
        self.heard.iter().any(|told| told.event == event)
    }

    pub fn has_heard_the_end(&self) -> bool {
        self.heard.last().is_some_and(Told::is_end)
    }
}

/// What the last server has of a task.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub events: Vec<Told>,
    /// The stages of those events of this name.
    stages: Vec<Option<String>>,
    /// What those events say went wrong.
    pub errors: Vec<String>,
}

impl Kept {
    /// The history as it is served.
    pub fn of_history(items: &[Value]) -> Self {
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        let event = |item: &Value| Told {
            seq: item["seq"].as_u64().unwrap(),
            event: text(item, "type"),
            at: text(item, "at"),
        };
        let stage = |item: &Value| item["stage"].as_str().map(str::to_owned);
        let error = |item: &Value| item["data"]["error"].as_str().map(str::to_owned);
        Self {
            events: items.iter().map(event).collect(),
            stages: items.iter().map(stage).collect(),
            errors: items.iter().filter_map(error).collect(),
        }
    }

    /// One with these events, each with its stage.
    #[cfg(test)]
    pub fn of<'a>(events: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Self {
        let mut kept = Self::default();
        events.into_iter().for_each(|(event, stage)| kept.add(event, stage));
        kept
    }

    /// Goes on with one more.
    #[cfg(test)]
    pub fn add(&mut self, event: &str, stage: Option<&str>) {
        let seq = self.events.len() as u64 + 1;
        self.events.push(Told { seq, event: event.to_owned(), at: "noon".to_owned() });
        self.stages.push(stage.map(str::to_owned));
    }

    /// Without its last events.
    #[cfg(test)]
    pub fn cut(&mut self, last: usize) {
        self.events.truncate(self.events.len() - last);
    }

    /// How often something happened to a stage.
    pub fn count(&self, event: &str, stage: &str) -> usize {
        let of_stage = self.events.iter().zip(&self.stages);
        of_stage.filter(|(told, of)| told.event == event && of.as_deref() == Some(stage)).count()
    }

    /// How often something happened.
    pub fn count_all(&self, event: &str) -> usize {
        self.events.iter().filter(|told| told.event == event).count()
    }
}
