//! `/oauth/authorize`: what an app may ask of a Zoom user, the page on which the user answers, and the way back to the app.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use url::Url;

use super::super::{Settings, Simulators};
use super::accounts::Accounts;

/// What the project asks of Zoom, in granular scopes.
pub(crate) const ALL_SCOPES: &str = "meeting:delete:meeting meeting:read:list_meetings meeting:read:meeting \
     meeting:update:meeting meeting:update:status meeting:write:meeting user:read:user";

/// More than any state needs. Browsers and proxies begin to refuse URLs beyond about 8000 characters.
const LONGEST_STATE: usize = 2048;
/// Base64url of a SHA-256 hash.
const CHALLENGE_LENGTH: usize = 43;
/// The Zoom user who answered last in this browser.
const REMEMBERED: &str = "simulated_zoom_user";
const PARAMETERS: [&str; 6] =
    ["response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"];

/// A valid request for a user's consent.
#[derive(Debug)]
pub(crate) struct Consent {
    pub(super) redirect_uri: String,
    pub(super) code_challenge: String,
    state: String,
}

/// What the user answers.
pub(crate) enum Decision<'a> {
    Approve {
        /// None: somebody new.
        zoom_user_id: Option<&'a str>,
        scope: String,
    },
    Deny,
}

/// Where the browser goes next, and whose code it carries.
pub(crate) struct Answered {
    pub(crate) location: Url,
    pub(crate) zoom_user_id: Option<String>,
    pub(crate) code: Option<String>,
}

type Fields = Vec<(String, String)>;

impl Consent {
    /// Reads the query of an authorization URL. Every parameter has to be there, once, and no other.
    pub(crate) fn parse(settings: &Settings, query: &str) -> Result<Self, String> {
        let fields: Fields = serde_urlencoded::from_str(query).map_err(|error| error.to_string())?;
        if let Some((unknown, _)) = fields.iter().find(|(name, _)| !PARAMETERS.contains(&name.as_str())) {
            return Err(format!("{unknown} is not a parameter"));
        }
        if fields.len() > PARAMETERS.len() {
            return Err("a parameter is repeated".to_owned());
        }
        let parameter = |name| value(&fields, name).ok_or_else(|| format!("{name} is missing"));
        let expect = |name, expected: &str| match parameter(name)? {
            found if found == expected => Ok(()),
            _ => Err(format!("Invalid {name}")),
        };
        expect("client_id", &settings.zoom_client_id)?;
        expect("redirect_uri", &settings.zoom_redirect_uri)?;
        expect("response_type", "code")?;
        expect("code_challenge_method", "S256")?;
        let (state, code_challenge) = (parameter("state")?, parameter("code_challenge")?);
        if !(1..=LONGEST_STATE).contains(&state.len()) || !state.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("Invalid state".to_owned());
        }
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if code_challenge.len() != CHALLENGE_LENGTH || !code_challenge.bytes().all(is_base64url) {
            return Err("Invalid code_challenge".to_owned());
        }
        Ok(Self {
            redirect_uri: settings.zoom_redirect_uri.clone(),
            code_challenge: code_challenge.to_owned(),
            state: state.to_owned(),
        })
    }

    /// None when there is no such Zoom user.
    pub(crate) fn answer(&self, accounts: &mut Accounts, decision: Decision<'_>) -> Option<Answered> {
        let mut location = Url::parse(&self.redirect_uri).unwrap();
        let (zoom_user_id, code) = match decision {
            Decision::Deny => {
                location.query_pairs_mut().append_pair("error", "access_denied").append_pair("state", &self.state);
                (None, None)
            }
            Decision::Approve { zoom_user_id, scope } => {
                let zoom_user_id = zoom_user_id.map_or_else(|| accounts.sign_up(), str::to_owned);
                let code = accounts.approve(self, &zoom_user_id, scope)?;
                location.query_pairs_mut().append_pair("code", &code).append_pair("state", &self.state);
                (Some(zoom_user_id), Some(code))
            }
        };
        Some(Answered { location, zoom_user_id, code })
    }
}

/// `GET /zoom/oauth/authorize` in a browser.
pub(crate) async fn page(
    State(simulators): State<Arc<Simulators>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    if let Err(reason) = Consent::parse(&simulators.settings, &query) {
        return refusal(&reason);
    }
    let remembered = remembered(&headers);
    let users: Vec<String> = {
        let accounts = simulators.zoom.accounts.lock().unwrap();
        let option = |id: &str, email: &str| {
            let selected = if remembered == Some(id) { " selected" } else { "" };
            format!("<option value=\"{}\"{selected}>{}</option>", escaped(id), escaped(email))
        };
        accounts.users().iter().map(|user| option(&user.id, &user.email)).collect()
    };
    let scopes: Vec<String> = ALL_SCOPES
        .split_whitespace()
        .map(|scope| {
            format!("<label><input type=\"checkbox\" name=\"scope\" value=\"{scope}\" checked> {scope}</label>")
        })
        .collect();
    Html(include_str!("consent.html").replace("{users}", &users.concat()).replace("{scopes}", &scopes.concat()))
        .into_response()
}

/// `POST /zoom/oauth/authorize`: the page's form, with the query of the page.
pub(crate) async fn decide(
    State(simulators): State<Arc<Simulators>>,
    RawQuery(query): RawQuery,
    body: String,
) -> Response {
    let consent = match Consent::parse(&simulators.settings, &query.unwrap_or_default()) {
        Ok(consent) => consent,
        Err(reason) => return refusal(&reason),
    };
    let form: Fields = serde_urlencoded::from_str(&body).unwrap_or_default();
    let scopes: Vec<&str> = form.iter().filter(|(name, _)| name == "scope").map(|(_, scope)| scope.as_str()).collect();
    let decision = match value(&form, "decision") {
        Some("approve") => Decision::Approve {
            zoom_user_id: value(&form, "zoom_user").filter(|id| !id.is_empty()),
            scope: scopes.join(" "),
        },
        Some("deny") => Decision::Deny,
        _ => return refusal("Approve or deny"),
    };
    let answered = consent.answer(&mut simulators.zoom.accounts.lock().unwrap(), decision);
    let Some(answered) = answered else { return refusal("There is no such Zoom user any more") };
    let mut response = Redirect::to(answered.location.as_str()).into_response();
    if let Some(user) = answered.zoom_user_id {
        let cookie = format!("{REMEMBERED}={user}; Path=/zoom; HttpOnly; SameSite=Lax");
        response.headers_mut().insert(SET_COOKIE, cookie.parse().unwrap());
    }
    response
}

fn refusal(reason: &str) -> Response {
    let page =
        format!("<!doctype html><title>Zoom simulator</title><h1>Invalid request</h1><p>{}</p>", escaped(reason));
    (StatusCode::BAD_REQUEST, Html(page)).into_response()
}

fn remembered(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?.split("; ");
    cookies.filter_map(|cookie| cookie.split_once('=')).find(|(name, _)| *name == REMEMBERED).map(|(_, value)| value)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}
