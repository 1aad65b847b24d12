//! What is asked of a workflow, by chance: mostly what fits, and now and then what comes too late or is wrong.

use proptest::prelude::*;

use crate::reference::{Asked, How, Policy, Standing};

/// A step of a sequence. What it means depends on where the workflow is, so that a sequence that is cut short stays one.
#[derive(Clone, Debug)]
pub enum Step {
    /// Something is asked, with a number drawn for it.
    Wish(Wish, u32),
    /// Whatever lets it go on where it is; an attempt under way ends so.
    GoOn(How, u32),
    /// So many milliseconds pass.
    Wait(u64),
}

#[derive(Clone, Copy, Debug)]
pub enum Wish {
    Plain(Asked),
    End(Whose, How),
    /// The attempt asks a person, who may have no more than so many milliseconds to answer.
    Question(Whose, Option<u64>),
    /// The attempt sleeps for so many milliseconds.
    Sleep(Whose, u64),
    /// A person answers the last question, or one that came so many before it.
    Answer {
        back: usize,
    },
}

/// The attempt that is spoken for.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    /// The one under way.
    UnderWay,
    /// One of its stage that was so many before it.
    Earlier(u32),
    /// Any of any stage.
    Any(usize, u32),
}

impl Whose {
    pub fn of(self, under_way: Option<(usize, u32)>, stages: usize) -> (usize, u32) {
        match (self, under_way) {
            (Self::UnderWay, Some(attempt)) => attempt,
            (Self::UnderWay, None) => (0, 1),
            (Self::Earlier(back), _) => {
                let (stage, attempt) = under_way.unwrap_or((0, 1));
                (stage, attempt.saturating_sub(back))
            }
            (Self::Any(stage, attempt), _) => (stage % stages, attempt),
        }
    }
}

const CLASSES: [&str; 2] = ["network", "unavailable"];

/// A pipeline of one to four stages.
pub fn policies() -> impl Strategy<Value = Vec<Policy>> {
    let tried_again = prop::sample::select(vec![&[][..], &CLASSES[..1], &CLASSES[1..], &CLASSES[..]]);
    let waits = prop_oneof![Just((2_000, 60_000)), Just((0, 0)), (1u64..100_000, 1u64..100_000)];
    let policy = (1u32..4, tried_again, waits, prop::option::of(0usize..4), 0u32..4).prop_map(
        |(tries, tried_again, waits, gives_back_to, most_reworks)| Policy {
            tries,
            tried_again,
            waits,
            gives_back_to,
            most_reworks,
        },
    );
    prop::collection::vec(policy, 1..5)
}

pub fn step() -> impl Strategy<Value = Step> {
    let wait = prop_oneof![1u64..1_000, 1u64..100_000, Just(1_000_000)];
    prop_oneof![
        8 => (how(), any::<u32>()).prop_map(|(how, chance)| Step::GoOn(how, chance)),
        8 => (wish(), any::<u32>()).prop_map(|(wish, chance)| Step::Wish(wish, chance)),
        1 => wait.prop_map(Step::Wait),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let plain = |asked| Just(Wish::Plain(asked));
    prop_oneof![
        8 => (whose(), how()).prop_map(|(whose, how)| Wish::End(whose, how)),
        4 => plain(Asked::Start),
        4 => (whose(), prop::option::of(0u64..100_000)).prop_map(|(whose, within)| Wish::Question(whose, within)),
        3 => (whose(), 0u64..100_000).prop_map(|(whose, millis)| Wish::Sleep(whose, millis)),
        4 => prop_oneof![4 => Just(0usize), 1 => 1usize..4].prop_map(|back| Wish::Answer { back }),
        2 => plain(Asked::TimeIsUp),
        2 => plain(Asked::CutOff),
        2 => plain(Asked::Pause),
        2 => plain(Asked::Resume),
        1 => plain(Asked::Cancel),
        3 => prop::option::of(0usize..5).prop_map(|from| Wish::Plain(Asked::Retry { from })),
        3 => by_hand(),
    ]
}

fn whose() -> impl Strategy<Value = Whose> {
    prop_oneof![
        10 => Just(Whose::UnderWay),
        1 => (1u32..4).prop_map(Whose::Earlier),
        1 => (0usize..4, 0u32..6).prop_map(|(stage, attempt)| Whose::Any(stage, attempt)),
    ]
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        6 => Just(How::Done),
        2 => Just(How::Skipped),
        4 => prop::sample::select(&CLASSES[..]).prop_map(|class| How::Retryable { class }),
        1 => Just(How::Fatal),
        4 => Just(How::Rework),
    ]
}

fn by_hand() -> impl Strategy<Value = Wish> {
    use Standing::{Cancelled, Completed, Failed, Pending, Running};

    let to =
        prop::sample::select(vec![Pending, Running, Running, Running, Completed, Failed, Failed, Cancelled]);
    let stage = prop::option::of(0usize..5);
    (prop::option::of(to), stage, any::<bool>(), any::<bool>())
        .prop_map(|(to, stage, result, error)| Wish::Plain(Asked::ByHand { to, stage, result, error }))
}
