//! The apps' pages to which links lead. What opens a session is added as the fragment.

use url::Url;

use super::ConfigError;

/// The variables as they are set. They are read where they are asked for, so that no other function carries the rules.
pub struct Variables {
    instant_session_url: Option<String>,
    video_meeting_url: Option<String>,
}

impl Variables {
    pub(super) fn read(variable: &impl Fn(&str) -> Option<String>) -> Self {
        Self { instant_session_url: variable("INSTANT_SESSION_URL"), video_meeting_url: variable("VIDEO_MEETING_URL") }
    }

    /// `INSTANT_SESSION_URL`: the app's page where the links of instant sessions lead.
    pub fn instant_session_url(&self) -> Result<&str, ConfigError> {
        page("INSTANT_SESSION_URL", self.instant_session_url.as_deref())
    }

    /// `VIDEO_MEETING_URL`: the page that opens a meeting by the ID and the passcode in its fragment.
    pub fn video_meeting_url(&self) -> Result<&str, ConfigError> {
        page("VIDEO_MEETING_URL", self.video_meeting_url.as_deref())
    }
}

/// Kept to the letter. An app that is no web page has a scheme of its own; a script is no page.
fn page<'a>(name: &'static str, value: Option<&'a str>) -> Result<&'a str, ConfigError> {
    let value = value.ok_or(ConfigError::Missing(name))?;
    match Url::parse(value) {
        Ok(url) if url.has_host() && url.fragment().is_none() => Ok(value),
        _ => Err(ConfigError::Invalid(name, "a URL like https://app.example/join, without a fragment")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video_meeting_url(value: &str) -> Result<String, String> {
        let variables = Variables::read(&|name| (name == "VIDEO_MEETING_URL").then(|| value.to_owned()));
        variables.video_meeting_url().map(str::to_owned).map_err(|error| error.to_string())
    }

    #[test]
    fn a_page_is_kept_as_it_is_written() {
        for page in
            ["https://app.example/join", "https://App.example/join?x=1", "http://127.0.0.1:3000", "tutoring://join"]
        {
            assert_eq!(video_meeting_url(page).unwrap(), page);
        }
    }

    #[test]
    fn what_is_no_page_for_a_link_is_named_without_its_value() {
        for bad in
            ["secret", "/secret", "https://app.example/#secret", "https://app.example/secret#", "javascript:secret"]
        {
            let message = video_meeting_url(bad).unwrap_err();
            assert!(message.contains("VIDEO_MEETING_URL") && !message.contains("secret"), "{message}");
        }
        let missing = Variables::read(&|_| None).video_meeting_url().err().unwrap().to_string();
        assert_eq!(missing, "the variable VIDEO_MEETING_URL is not set");
    }
}
