//! Members of a body that nothing reads. A client may send what a later version knows, or what is its own; but one that is
//! a slip of the pen away from a name that is read was meant for that, and would be missed.

use std::{cell::Cell, fmt};

use serde::{
    Deserializer,
    de::{DeserializeOwned, Visitor, value::Error},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

use super::Faults;

/// Shorter names are a slip away from too many others.
const SHORTEST: usize = 5;
/// Nobody writes longer ones by mistake.
const LONGEST: usize = 64;

/// Adds a fault for each member that `T` doesn't read and that is almost one that it does.
pub(super) fn add_slips<T: DeserializeOwned>(members: &Map<String, Value>, faults: &mut Faults) {
    let read = names::<T>();
    for member in members.keys().filter(|member| !read.contains(&member.as_str())) {
        if let Some(meant) = read.iter().find(|name| is_a_slip(member, name) && !members.contains_key(**name))
        {
            let pointer = format!("/{}", member.replace('~', "~0").replace('/', "~1"));
            faults.add(pointer, format!("there is no member {member}: did you mean {meant}?"));
        }
    }
}

fn is_a_slip(member: &str, name: &str) -> bool {
    (SHORTEST..LONGEST).contains(&member.len()) && strsim::damerau_levenshtein(member, name) == 1
}

/// The names of the members that a type reads.
fn names<T: DeserializeOwned>() -> &'static [&'static str] {
    let names = Cell::new(&[][..]);
    // It only listens to what is asked for, and gives nothing.
    let _ = T::deserialize(Asked(&names));
    names.get()
}

struct Asked<'a>(&'a Cell<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.set(fields);
        self.deserialize_any(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom(fmt::Error))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
