//! Money, counted exactly: sums of it are sums of whole numbers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// US dollars, in millionths. A number on the wire (`0.3`), which is read and written by its decimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u64);

/// A text that is no amount of money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no amount of money: write a number of dollars that is not negative, such as 0.25")]
pub struct NoMoney(pub String);

/// Digits of a millionth behind the point.
const DECIMALS: usize = 6;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many millionths of a dollar.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// In millionths of a dollar.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Both together; more than can be counted is the most that can.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it without the other; nothing where that is more.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Its digits, without those behind the point that say nothing.
    fn digits(self) -> String {
        let text = format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl fmt::Display for Money {
    /// As a price is written: `$0.30`, and as many digits more as it takes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        match digits.split_once('.') {
            Some((dollars, parts)) => write!(f, "${dollars}.{parts:0<2}"),
            None => write!(f, "${digits}.00"),
        }
    }
}

impl FromStr for Money {
    type Err = NoMoney;

    /// Reads a decimal number, with an exponent or without. A part of a millionth counts as a whole one, so that no sum is
    /// less than what was spent.
    fn from_str(text: &str) -> Result<Self, NoMoney> {
        micros(text).map(Self).ok_or_else(|| NoMoney(text.to_owned()))
    }
}

fn micros(text: &str) -> Option<u64> {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i16>().ok()?),
        None => (text, 0),
    };
    let (whole, parts) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || !whole.bytes().chain(parts.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{whole}{parts}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    // How many of the digits stand before the point, once it is behind the millionths.
    let before = i64::from(exponent) + i64::try_from(DECIMALS + digits.len()).ok()?
        - i64::try_from(parts.len()).ok()?;
    let Ok(before) = usize::try_from(before) else { return Some(1) };
    let Some((millionths, rest)) = digits.split_at_checked(before) else {
        // Too long to be padded is too much to be counted.
        return Some(if before > 20 {
            u64::MAX
        } else {
            format!("{digits:0<before$}").parse().unwrap_or(u64::MAX)
        });
    };
    let millionths = if millionths.is_empty() { 0 } else { millionths.parse().unwrap_or(u64::MAX) };
    Some(millionths.saturating_add(u64::from(rest.bytes().any(|digit| digit != b'0'))))
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The number nearest to fifteen digits or fewer is written as these digits again.
        let number: f64 = self.digits().parse().map_err(serde::ser::Error::custom)?;
        serializer.serialize_f64(number)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer)?.to_string().parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use proptest::prelude::*;

    use super::Money;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn a_tenth_and_two_tenths_are_three() {
        assert_eq!(money("0.1").plus(money("0.2")), money("0.3"));
        let cents = (0..1_000_000).fold(Money::ZERO, |sum, _| sum.plus(money("0.01")));
        assert_eq!(cents, money("10000"));
    }

    #[test]
    fn every_way_to_write_a_number_is_read() {
        let cases = [
            ("0", 0),
            ("0.0", 0),
            ("20", 20_000_000),
            ("20.5", 20_500_000),
            ("007.25", 7_250_000),
            ("1e-5", 10),
            ("1.5E2", 150_000_000),
            ("2.5e-7", 1),
            ("0.0523422500000001", 52_343),
            ("0.052342", 52_342),
            ("0.0000001", 1),
            ("1e-400", 1),
            ("0e999", 0),
            ("1e300", u64::MAX),
            ("99999999999999999999999", u64::MAX),
        ];
        for (text, micros) in cases {
            assert_eq!(money(text).as_micros(), micros, "{text}");
        }
        for text in ["", "-1", "+1", "nan", "inf", ".5", "1,5", "$1", "1e", "1e99999", "1.2.3", "0x10"] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
    }

    #[test]
    fn it_is_shown_as_prices_are() {
        let shown = ["0", "0.3", "20", "0.25", "1234.5", "0.000001"].map(|text| money(text).to_string());
        assert_eq!(shown, ["$0.00", "$0.30", "$20.00", "$0.25", "$1234.50", "$0.000001"]);
    }

    proptest! {
        /// Up to a billion dollars.
        #[test]
        fn it_is_written_and_read_without_loss(micros in 0..1_000_000_000_000_000_u64) {
            let text = serde_json::to_string(&Money::from_micros(micros)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), Money::from_micros(micros), "{}", text);
        }

        #[test]
        fn whatever_is_written_there_is_no_panic(text in "[-+0-9eE._x]{0,40}") {
            let _ = text.parse::<Money>();
        }
    }
}
