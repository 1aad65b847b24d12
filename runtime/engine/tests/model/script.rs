//! What is tried by chance: what adw.toml says, what the stages of each workflow do, and what happens in which order.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    adapter::NAMES,
    reference::{Asked, How, Model, Policy, Standing, Waits},
    world::Part,
};

const HOUR: u64 = 3_600_000;

/// How long an attempt may take, with its sleeps. Real time doesn't come near it.
pub const STAGE_TIME: u64 = 4 * HOUR;

/// Time passes in steps of this, and sleeps last for so many of them: real time passes too, and must not be what wakes one
/// whose time has almost come.
pub const QUANTUM: u64 = HOUR / 6;

/// What an attempt does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Ask,
    Sleep { millis: u64 },
    End(How),
}

/// For each stage and each of its tries, what it does; a try without acts is done.
pub type Script = Vec<Vec<Vec<Act>>>;

/// As the plugin reads it.
pub fn description(script: &Script) -> String {
    let parts: Map<_, _> =
        NAMES.iter().zip(script).map(|(stage, tries)| ((*stage).to_owned(), words(tries))).collect();
    Value::from(parts).to_string()
}

fn words(tries: &[Vec<Act>]) -> Value {
    let word = |act: &Act| match act {
        Act::Ask => "ask".to_owned(),
        Act::Sleep { millis } => format!("sleep {}", millis / 1_000),
        Act::End(How::Done) => "done".to_owned(),
        Act::End(How::Skipped) => "skip".to_owned(),
        Act::End(How::Retryable { class }) => format!("retryable {class}"),
        Act::End(How::Fatal) => "fatal".to_owned(),
        Act::End(How::Rework) => "rework".to_owned(),
    };
    tries.iter().map(|acts| acts.iter().map(word).collect::<Value>()).collect()
}

/// What an engine goes by.
#[derive(Clone, Debug)]
pub struct Setting {
    pub places: usize,
    pub parts: Vec<Part>,
}

impl Setting {
    pub fn adw_toml(&self) -> String {
        let stages = self.parts.iter().zip(NAMES).map(|(part, name)| stage(name, part)).collect::<String>();
        let names = json!(NAMES[..self.parts.len()]);
        let places = self.places;
        format!("{stages}[pipelines.default]\nstages = {names}\n[limits]\nconcurrent_workflows = {places}\n")
    }
}

fn stage(name: &str, part: &Part) -> String {
    let Policy { tries, tried_again, waits: (first, longest), gives_back_to, most_reworks } = &part.policy;
    let rework = gives_back_to.map_or(String::new(), |to| format!("on_rework = {:?}\n", NAMES[to]));
    let answers = part.time_to_answer.map_or(String::new(), |millis| {
        format!("question_timeout = \"{}h\"\nquestion_default = \"no\"\n", millis / HOUR)
    });
    format!(
        "[stages.{name}]\npath = \"player.wasm\"\nmax_rework = {most_reworks}\ntimeout = \"{}h\"\n{rework}{answers}\
         [stages.{name}.retry]\nattempts = {tries}\nbackoff = \"{}h..{}h\"\non = {}\n",
        STAGE_TIME / HOUR,
        first / HOUR,
        longest / HOUR,
        json!(tried_again)
    )
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Event {
    Create {
        priority: u8,
        script: Script,
    },
    /// Something is asked of one of the workflows that there are.
    Ask(Which, Asked),
    Answer(Which),
    /// So many milliseconds pass.
    Wait(u64),
    /// The engine ends, and another one begins on what it left, so many milliseconds later.
    Restart {
        killed: bool,
        millis: u64,
    },
}

/// Of which workflow something is asked.
#[derive(Clone, Copy, Debug)]
pub struct Which {
    pub number: usize,
    /// Of one that it suits, rather than of any.
    pub is_suited: bool,
}

/// Whether it is likely to change something.
pub fn suits(asked: Asked, model: &Model) -> bool {
    match asked {
        Asked::Pause => !model.paused && !model.has_ended(),
        Asked::Resume => model.paused,
        Asked::Retry { .. } => model.standing == Standing::Failed,
        _ => !model.has_ended(),
    }
}

pub fn is_asking(model: &Model) -> bool {
    matches!(model.waits, Some(Waits::Question { .. }))
}

/// The trouble that something meets, if it writes as much.
#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    /// After so many writes.
    pub writes: u32,
    /// One more is taken, and whoever asked for it never hears that.
    pub last_is_taken: bool,
    /// Only that write fares so. Else it was the last, and the engine has crashed.
    pub passes: bool,
}

pub type Step = (Event, Option<Trouble>);

pub fn setting() -> impl Strategy<Value = Setting> {
    let places = prop_oneof![3 => Just(1usize), 1 => Just(2)];
    (places, prop::collection::vec(part(), 1..4)).prop_map(|(places, mut parts)| {
        for (stage, part) in parts.iter_mut().enumerate() {
            // adw.toml takes no other.
            part.policy.gives_back_to = part.policy.gives_back_to.filter(|to| *to < stage);
        }
        Setting { places, parts }
    })
}

fn part() -> impl Strategy<Value = Part> {
    let tried_again = prop::sample::select(vec![&["network"][..], &["network", "unavailable"][..], &[][..]]);
    let waits = prop::sample::select(vec![(HOUR, HOUR), (HOUR, 4 * HOUR), (2 * HOUR, 3 * HOUR)]);
    let time_to_answer = prop::option::of(prop::sample::select(vec![5 * HOUR, 20 * HOUR]));
    (1u32..4, tried_again, waits, prop::option::of(0usize..2), 0u32..3, time_to_answer).prop_map(
        |(tries, tried_again, waits, gives_back_to, most_reworks, time_to_answer)| Part {
            policy: Policy { tries, tried_again, waits, gives_back_to, most_reworks },
            time_to_answer,
        },
    )
}

fn act() -> impl Strategy<Value = Act> {
    let class = prop::sample::select(vec!["network", "unavailable"]);
    prop_oneof![
        3 => Just(Act::Ask),
        3 => (1u64..120).prop_map(|quanta| Act::Sleep { millis: quanta * QUANTUM }),
        1 => Just(Act::End(How::Done)),
        1 => Just(Act::End(How::Skipped)),
        3 => class.prop_map(|class| Act::End(How::Retryable { class })),
        2 => Just(Act::End(How::Fatal)),
        3 => Just(Act::End(How::Rework)),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    prop::collection::vec(prop::collection::vec(prop::collection::vec(act(), 0..3), 0..4), 3)
}

fn asked() -> impl Strategy<Value = Asked> {
    use Standing::{Cancelled, Completed, Failed, Pending, Running};

    let to = prop::sample::select(vec![Pending, Running, Running, Completed, Failed, Cancelled]);
    let by_hand = (prop::option::of(to), prop::option::of(0usize..3), any::<bool>(), any::<bool>())
        .prop_map(|(to, stage, result, error)| Asked::ByHand { to, stage, result, error });
    prop_oneof![
        3 => Just(Asked::Pause),
        3 => Just(Asked::Resume),
        2 => Just(Asked::Cancel),
        4 => prop::option::of(0usize..3).prop_map(|from| Asked::Retry { from }),
        2 => by_hand,
    ]
}

fn create() -> impl Strategy<Value = Event> {
    (0u8..4, script()).prop_map(|(priority, script)| Event::Create { priority, script })
}

fn which() -> impl Strategy<Value = Which> {
    let is_suited = prop::bool::weighted(0.8);
    (0usize..4, is_suited).prop_map(|(number, is_suited)| Which { number, is_suited })
}

fn millis() -> impl Strategy<Value = u64> {
    prop_oneof![1u64..6, 1u64..144].prop_map(|quanta| quanta * QUANTUM)
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => create(),
        6 => (which(), asked()).prop_map(|(which, asked)| Event::Ask(which, asked)),
        3 => which().prop_map(Event::Answer),
        3 => millis().prop_map(Event::Wait),
        1 => (any::<bool>(), millis()).prop_map(|(killed, millis)| Event::Restart { killed, millis }),
    ]
}

/// Some workflows, and what comes after them.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    // What comes first is what the person waits for.
    let writes = prop_oneof![2 => Just(0u32), 3 => 0u32..12];
    let trouble = (writes, any::<bool>(), prop::bool::weighted(0.3))
        .prop_map(|(writes, last_is_taken, passes)| Trouble { writes, last_is_taken, passes });
    let trouble = prop::option::weighted(0.3, trouble);
    let first = prop::collection::vec((create(), trouble.clone()), 1..4);
    (first, prop::collection::vec((event(), trouble), 0..12)).prop_map(|(first, then)| [first, then].concat())
}
