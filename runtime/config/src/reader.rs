//! Reading a TOML document by hand, so that everything wrong is found at once and every finding has its place.
//!
//! A [`Table`] gives out [`Entry`]s; an entry is asked for the type that it should have, and answers `None` after
//! telling the [`Report`] why it has not. Readers go on with a default then: nothing is returned while the report
//! holds an error.

use std::ops::{Range, RangeInclusive};

use toml::de::{DeTable, DeValue};

use crate::{
    Env,
    env::variable,
    form::{Form, Wrong},
    report::{Place, Report},
    suggest::{listed, nearest},
};

/// What a value was written as.
#[derive(Clone, Copy)]
enum Raw<'a> {
    Toml(&'a DeValue<'a>),
    /// In a variable.
    Text(&'a str),
}

/// The keys that a table knows, for suggestions also those of the tables within it.
pub(crate) struct Keys {
    pub(crate) own: &'static [&'static str],
    pub(crate) within: &'static [(&'static str, &'static [&'static str])],
}

impl Keys {
    pub(crate) const fn flat(own: &'static [&'static str]) -> Self {
        Self { own, within: &[] }
    }
}

/// A table of the document.
#[derive(Clone)]
pub(crate) struct Table<'a> {
    report: &'a Report,
    /// In full, dotted; empty for the root.
    pub(crate) path: String,
    place: Place,
    /// None for a section that the file doesn't have.
    entries: Option<&'a DeTable<'a>>,
    env: Option<&'a Env>,
}

/// A key and its value.
#[derive(Clone)]
pub(crate) struct Entry<'a> {
    report: &'a Report,
    /// The key, without those above it; for an element of a list, that of the list.
    pub(crate) name: String,
    element: bool,
    /// In full, dotted.
    pub(crate) path: String,
    key: Place,
    value: Place,
    raw: Raw<'a>,
}

impl<'a> Table<'a> {
    pub(crate) fn root(report: &'a Report, entries: &'a DeTable<'a>) -> Self {
        Self { report, path: String::new(), place: Place::WholeFile, entries: Some(entries), env: None }
    }

    /// A table of this one that may be absent.
    pub(crate) fn section(&self, name: &str, keys: &Keys) -> Self {
        self.get(name).and_then(|entry| entry.table(keys)).unwrap_or_else(|| Self {
            report: self.report,
            path: joined(&self.path, name),
            place: Place::WholeFile,
            entries: None,
            env: None,
        })
    }

    /// A table of this one, if that is what it is; whoever reads it says so when it isn't.
    pub(crate) fn peek(&self, name: &str) -> Option<Self> {
        let entry = self.get(name)?;
        matches!(entry.raw, Raw::Toml(DeValue::Table(_))).then(|| entry.free_table("")).flatten()
    }

    /// A section whose keys variables may stand in for.
    pub(crate) fn overridable(&self, name: &str, keys: &Keys, env: &'a Env) -> Self {
        let known: Vec<String> = keys.own.iter().map(|key| variable(name, key)).collect();
        for unknown in env.of_section(name).filter(|found| !known.iter().any(|name| name == found)) {
            let help = match nearest(unknown, known.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("[{name}] has {}", listed(known.iter().map(String::as_str))),
            };
            let wrong = Wrong::new(format!("`{unknown}` overrides no key of [{name}]")).help(help);
            self.report.add(&Place::Variable(unknown.to_owned()), None, wrong);
        }
        Self { env: Some(env), ..self.section(name, keys) }
    }

    /// The tables of this one, whose names are the person's own, in the order of the file.
    pub(crate) fn named(&self) -> Vec<Entry<'a>> {
        let mut entries: Vec<(usize, Entry<'a>)> = self
            .entries
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.span().start, self.entry(key.get_ref(), key.span(), value)))
            .collect();
        entries.sort_by_key(|(start, _)| *start);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    pub(crate) fn get(&self, name: &str) -> Option<Entry<'a>> {
        if let Some((variable, text)) = self.env.and_then(|env| env.value(&self.path, name)) {
            let place = Place::Variable(variable.to_owned());
            return Some(Entry {
                report: self.report,
                name: name.to_owned(),
                element: false,
                path: joined(&self.path, name),
                key: place.clone(),
                value: place,
                raw: Raw::Text(text),
            });
        }
        let (key, value) = self.entries?.get_key_value(name)?;
        Some(self.entry(key.get_ref(), key.span(), value))
    }

    /// Like [`Table::get`]; an absent one is an error.
    pub(crate) fn require(&self, name: &str, example: &str) -> Option<Entry<'a>> {
        let found = self.get(name);
        if found.is_none() {
            self.fail(
                Wrong::new(format!("{} has no `{name}`", self.title())).help(format!("add `{example}`")),
            );
        }
        found
    }

    /// Reads a value of this form, if it is there and right.
    pub(crate) fn read<T>(&self, name: &str, form: &Form<T>) -> Option<T> {
        self.get(name)?.read(form)
    }

    /// As it is written above its keys.
    pub(crate) fn title(&self) -> String {
        title(&self.path)
    }

    /// Tells of something wrong with the table as a whole.
    pub(crate) fn fail(&self, wrong: Wrong) {
        let key = (!self.path.is_empty()).then(|| self.path.clone());
        self.report.add(&self.place, key, wrong);
    }

    fn entry(&self, name: &str, key: Range<usize>, value: &'a toml::Spanned<DeValue<'a>>) -> Entry<'a> {
        Entry {
            report: self.report,
            name: name.to_owned(),
            element: false,
            path: joined(&self.path, name),
            key: Place::At(key),
            value: Place::At(value.span()),
            raw: Raw::Toml(value.get_ref()),
        }
    }

    /// Reports the keys that this table doesn't know.
    pub(crate) fn check(&self, keys: &Keys) {
        for entry in self.named().iter().filter(|entry| !keys.own.contains(&entry.name.as_str())) {
            let place = if self.path.is_empty() {
                "at the top of the file".to_owned()
            } else {
                format!("in {}", self.title())
            };
            let wrong = Wrong::new(format!("unknown key `{}` {place}", entry.name));
            entry.fail_key(wrong.help(self.suggestion(&entry.name, keys)));
        }
    }

    fn suggestion(&self, unknown: &str, keys: &Keys) -> String {
        let exact = keys.within.iter().find(|(_, inner)| inner.contains(&unknown));
        if let (Some((outer, _)), None) = (exact, keys.own.iter().find(|known| **known == unknown)) {
            return format!("did you mean `{}`?", joined(&joined(&self.path, outer), unknown));
        }
        match nearest(unknown, keys.own.iter().copied()) {
            Some(meant) => format!("did you mean `{}`?", joined(&self.path, meant)),
            None => format!("known here: {}", listed(keys.own.iter().copied())),
        }
    }
}

impl<'a> Entry<'a> {
    /// Reads a value of this form; one that has it not is reported.
    pub(crate) fn read<T>(&self, form: &Form<T>) -> Option<T> {
        let text = self.text(form.expected)?;
        (form.read)(text).map_err(|wrong| self.fail(wrong)).ok()
    }

    /// A string.
    pub(crate) fn text(&self, expected: &str) -> Option<&'a str> {
        match self.raw {
            Raw::Text(text) => Some(text),
            Raw::Toml(DeValue::String(text)) => Some(text.as_ref()),
            Raw::Toml(_) => self.mismatch(expected),
        }
    }

    /// A whole number within these bounds.
    pub(crate) fn integer(&self, bounds: &RangeInclusive<u64>) -> Option<u64> {
        let (least, most) = (bounds.start(), bounds.end());
        let expected = format!("a whole number from {least} to {most}");
        let number = match self.raw {
            Raw::Text(text) => text.parse().ok(),
            Raw::Toml(DeValue::Integer(number)) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            Raw::Toml(_) => return self.mismatch(&expected),
        };
        let fits = number.filter(|number| bounds.contains(number));
        if fits.is_none() {
            self.fail(Wrong::new(format!("`{}` must be {expected}", self.name)));
        }
        fits
    }

    /// The digits of a number, as they are written: whole or with a decimal point.
    pub(crate) fn decimal(&self, expected: &str) -> Option<String> {
        match self.raw {
            Raw::Toml(DeValue::Integer(number)) if number.radix() == 10 => Some(number.as_str().to_owned()),
            Raw::Toml(DeValue::Float(number)) => Some(number.as_str().to_owned()),
            Raw::Toml(_) | Raw::Text(_) => self.mismatch(expected),
        }
    }

    /// The elements of an array, or of a variable between its commas.
    pub(crate) fn list(&self, expected: &str) -> Option<Vec<Self>> {
        let element = |index: usize, place: Place, raw: Raw<'a>| Self {
            report: self.report,
            name: self.name.clone(),
            element: true,
            path: format!("{}[{index}]", self.path),
            key: place.clone(),
            value: place,
            raw,
        };
        match self.raw {
            Raw::Text(text) => Some(
                text.split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .enumerate()
                    .map(|(index, part)| element(index, self.value.clone(), Raw::Text(part)))
                    .collect(),
            ),
            Raw::Toml(DeValue::Array(values)) => Some(
                values
                    .iter()
                    .enumerate()
                    .map(|(index, value)| element(index, Place::At(value.span()), Raw::Toml(value.get_ref())))
                    .collect(),
            ),
            Raw::Toml(_) => self.mismatch(expected),
        }
    }

    /// The elements that have this form; the others are reported.
    pub(crate) fn list_of<T>(&self, expected: &str, form: &Form<T>) -> Option<Vec<T>> {
        Some(self.list(expected)?.iter().filter_map(|element| element.read(form)).collect())
    }

    /// A table with these keys.
    pub(crate) fn table(&self, keys: &Keys) -> Option<Table<'a>> {
        let table = self.free_table(&format!("a table, written {}", title(&self.path)))?;
        table.check(keys);
        Some(table)
    }

    /// A table whose keys are the person's own.
    pub(crate) fn free_table(&self, expected: &str) -> Option<Table<'a>> {
        let Raw::Toml(DeValue::Table(entries)) = self.raw else {
            return self.mismatch(expected);
        };
        Some(Table {
            report: self.report,
            path: self.path.clone(),
            place: self.key.clone(),
            entries: Some(entries),
            env: None,
        })
    }

    /// The value as it stands in the document; none for what comes from a variable.
    pub(crate) fn value(&self) -> Option<&'a DeValue<'a>> {
        match self.raw {
            Raw::Toml(value) => Some(value),
            Raw::Text(_) => None,
        }
    }

    /// Reports the value.
    pub(crate) fn fail(&self, wrong: Wrong) {
        self.report.add(&self.value, Some(self.path.clone()), wrong);
    }

    /// Reports the value without showing it.
    pub(crate) fn fail_hidden(&self, wrong: Wrong) {
        let place = match &self.value {
            Place::At(span) => Place::Hidden(span.clone()),
            other => other.clone(),
        };
        self.report.add(&place, Some(self.path.clone()), wrong);
    }

    /// Reports the key.
    pub(crate) fn fail_key(&self, wrong: Wrong) {
        self.report.add(&self.key, Some(self.path.clone()), wrong);
    }

    fn mismatch<T>(&self, expected: &str) -> Option<T> {
        let of = if self.element { "an element of " } else { "" };
        let message = format!("{of}`{}` must be {expected}, not {}", self.name, self.kind());
        self.fail(Wrong::new(message));
        None
    }

    fn kind(&self) -> &'static str {
        match self.raw {
            Raw::Text(_) | Raw::Toml(DeValue::String(_)) => "a string",
            Raw::Toml(DeValue::Integer(_)) => "an integer",
            Raw::Toml(DeValue::Float(_)) => "a float",
            Raw::Toml(DeValue::Boolean(_)) => "a boolean",
            Raw::Toml(DeValue::Datetime(_)) => "a date",
            Raw::Toml(DeValue::Array(_)) => "an array",
            Raw::Toml(DeValue::Table(_)) => "a table",
        }
    }
}

/// A table's name as it is written above its keys.
fn title(path: &str) -> String {
    match path.strip_suffix(']').and_then(|path| path.rsplit_once('[')) {
        Some((list, _)) => format!("[[{list}]]"),
        None => format!("[{path}]"),
    }
}

/// A key in full; one that TOML would want in quotes gets them.
pub(crate) fn joined(path: &str, name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let name = if bare { name.to_owned() } else { format!("{name:?}") };
    if path.is_empty() { name } else { format!("{path}.{name}") }
}
