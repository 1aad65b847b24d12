//! Where the errors of one reading are gathered.

use std::{cell::RefCell, ops::Range, sync::Arc};

use crate::{ConfigError, ConfigErrors, Location, form::Wrong, source::Source};

/// Where a key or value was written.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    At(Range<usize>),
    /// At this place, but what stands there may be secret.
    Hidden(Range<usize>),
    Variable(String),
    WholeFile,
}

/// How many errors are told at once: nobody reads more, and each is looked for in the whole text.
const MOST: usize = 100;

/// The errors of one reading, and the text that they point into.
pub(crate) struct Report {
    pub(crate) source: Arc<Source>,
    errors: RefCell<Vec<ConfigError>>,
}

impl Report {
    pub(crate) fn new(source: Arc<Source>) -> Self {
        Self { source, errors: RefCell::default() }
    }

    /// One more; the first beyond [`MOST`] only tells that there are more.
    pub(crate) fn add(&self, place: &Place, key: Option<String>, wrong: Wrong) {
        let error = match self.errors.borrow().len() {
            ..MOST => self.error(place, key, wrong),
            MOST => {
                let wrong = Wrong::new("there is more that is wrong, and not shown");
                self.error(&Place::WholeFile, None, wrong.help("mend what is shown first"))
            }
            _ => return,
        };
        self.errors.borrow_mut().push(error);
    }

    /// Nothing that is added from here on is told.
    pub(crate) fn is_full(&self) -> bool {
        self.errors.borrow().len() > MOST
    }

    fn error(&self, place: &Place, key: Option<String>, wrong: Wrong) -> ConfigError {
        ConfigError { message: wrong.message, help: wrong.help, key, location: self.locate(place) }
    }

    /// An error at a stretch of the file, or at the file as a whole, that is not gathered.
    pub(crate) fn single(
        source: Arc<Source>,
        span: Option<Range<usize>>,
        key: String,
        wrong: Wrong,
    ) -> ConfigError {
        Self::new(source).error(&span.map_or(Place::WholeFile, Place::At), Some(key), wrong)
    }

    fn locate(&self, place: &Place) -> Location {
        let file = || self.source.name.clone();
        match place {
            Place::Variable(variable) => Location::Variable { variable: variable.clone() },
            Place::WholeFile => Location::File { file: file() },
            Place::At(span) | Place::Hidden(span) => {
                let mut excerpt = self.source.excerpt(span);
                if matches!(place, Place::Hidden(_)) {
                    excerpt.text = excerpt.text.chars().take(excerpt.column - 1).chain(['…']).collect();
                    excerpt.length = 1;
                }
                Location::Line {
                    file: file(),
                    line: excerpt.line,
                    column: excerpt.column,
                    length: excerpt.length,
                    source: excerpt.text,
                }
            }
        }
    }

    /// An error that belongs to no key: of the syntax.
    pub(crate) fn syntax(&self, span: Range<usize>, message: &str) {
        if message.contains("recurs") {
            let wrong = Wrong::new("this is nested deeper than can be read").help("flatten it");
            return self.add(&Place::At(span), None, wrong);
        }
        let wrong = Wrong::new(format!("not valid TOML: {message}"));
        let wrong = match message {
            "duplicate key" => wrong.help("a key or a table stands once: put together what belongs together"),
            _ => wrong,
        };
        self.add(&Place::At(span), None, wrong);
    }

    /// What is wrong, if anything is.
    pub(crate) fn finish(self) -> Option<ConfigErrors> {
        ConfigErrors::of(self.errors.into_inner())
    }
}
