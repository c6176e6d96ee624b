/// What the log says of an answer that does not tell by its status what went wrong: one for a browser, or a success with a part that
/// failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// A stable code.
    pub code: &'static str,
    /// The inside. Never a token, a code, a state or a link.
    pub cause: Option<String>,
    /// Whether it is logged as an error, as a 5xx is.
    pub is_fault: bool,
}
