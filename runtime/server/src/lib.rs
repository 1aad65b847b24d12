//! REST, the live feed and the documents that describe them.
