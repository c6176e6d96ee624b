use std::collections::HashMap;
use std::{env, fs};

/// Names the file that `scripts/dev --env-file` writes.
const FILE_VARIABLE: &str = "CONVENE_STACK_ENV";

pub(super) struct Environment(HashMap<String, String>);

impl Environment {
    pub(super) fn read() -> Self {
        let path = env::var(FILE_VARIABLE).unwrap_or_else(|_| {
            panic!("{FILE_VARIABLE} must name the file written by `scripts/dev --env-file PATH` (scripts/test does all this)")
        });
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{FILE_VARIABLE}={path}: {error}"));
        Self::parse(&text)
    }

    /// Lines of `NAME="value"`, with or without the quotes.
    fn parse(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let unquoted = |value: &str| value.trim().trim_matches('"').to_owned();
        Self(lines.map(|(name, value)| (name.trim().to_owned(), unquoted(value))).collect())
    }

    pub(super) fn get(&self, name: &str) -> &str {
        let value = self.0.get(name);
        value.unwrap_or_else(|| panic!("{name} is not among the stack's variables"))
    }
}
