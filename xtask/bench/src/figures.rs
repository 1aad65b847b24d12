//! What was measured, as numbers with names and units.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    PerSecond,
    Milliseconds,
    Microseconds,
    Mebibytes,
    Percent,
    Count,
}

/// One number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) of: String,
    /// Which number of it this is.
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: Unit,
    /// What it ought to reach, on the machine that docs/benchmarks.md names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) aim: Option<f64>,
}

/// Numbers, in the order in which they were measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Figures(pub(crate) Vec<Figure>);

impl Figures {
    /// Adds a number. What is returned takes its aim.
    pub(crate) fn add(&mut self, of: impl Into<String>, name: &str, value: f64, unit: Unit) -> Aim<'_> {
        self.0.push(Figure { of: of.into(), name: name.to_owned(), value, unit, aim: None });
        Aim(self.0.last_mut())
    }

    /// The number of this name, if it was measured.
    pub(crate) fn find(&self, of: &str, name: &str) -> Option<&Figure> {
        self.0.iter().find(|figure| figure.of == of && figure.name == name)
    }
}

/// A place for what a number ought to reach.
pub(crate) struct Aim<'a>(Option<&'a mut Figure>);

impl Aim<'_> {
    /// None where there is nothing that it ought to reach.
    pub(crate) fn aim(self, aim: impl Into<Option<f64>>) {
        if let Some(figure) = self.0 {
            figure.aim = aim.into();
        }
    }
}

/// Times that something took.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that this share of them stays within; zero where there are none.
    pub(crate) fn percentile(&mut self, share: f64) -> Duration {
        self.0.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank within a list"
        )]
        let rank = (self.0.len() as f64 * share).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<T: IntoIterator<Item = Duration>>(times: T) -> Self {
        Self(times.into_iter().collect())
    }
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(crate) fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// How many a second.
#[expect(clippy::cast_precision_loss, reason = "no run counts further than a double does")]
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let mut times: Times = (1..=200).rev().map(Duration::from_millis).collect();
        for (share, expected) in [(0.0, 1), (0.5, 100), (0.99, 198), (1.0, 200)] {
            assert_eq!(times.percentile(share), Duration::from_millis(expected), "{share}");
        }
        assert_eq!(Times::default().percentile(0.99), Duration::ZERO);
    }
}
