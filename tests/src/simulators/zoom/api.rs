//! The endpoints under `/v2`, which take a bearer token and speak JSON.

use http::request::Parts;
use serde_json::{Map, Value, json};

use super::super::recording::media_type;
use super::accounts::{Accounts, TokenRefusal, User};
use super::answers::{self, Answer, FieldError};
use super::meetings::{Meeting, MeetingState};
use super::operation::Operation;
use super::{bearer, path, validation};

const DEFAULT_PAGE: usize = 30;
const LARGEST_PAGE: usize = 300;

pub(super) fn perform(
    accounts: &mut Accounts,
    operation: Operation,
    parts: &Parts,
    body: &[u8],
) -> Result<Answer, Answer> {
    let user = authorize(accounts, operation, parts)?;
    let query = query(operation, parts)?;
    match operation {
        Operation::GetUser => Ok(answers::json(200, &user.to_json())),
        Operation::CreateMeeting => create(user, &json_object(parts, body)?),
        Operation::ListMeetings => list(user, &query),
        Operation::GetMeeting => {
            let index = find(user, parts)?;
            Ok(answers::json(200, &user.meetings[index].to_json(&user.email)))
        }
        Operation::UpdateMeeting => update(user, parts, &json_object(parts, body)?),
        Operation::EndMeeting => end(user, parts, &json_object(parts, body)?),
        Operation::DeleteMeeting => delete(user, parts),
        Operation::ExchangeCode | Operation::RefreshToken | Operation::RevokeToken => {
            unreachable!("oauth.rs answers these")
        }
    }
}

fn authorize<'a>(accounts: &'a mut Accounts, operation: Operation, parts: &Parts) -> Result<&'a mut User, Answer> {
    let token = bearer(parts).ok_or_else(|| answers::bad_token("Invalid access token."))?;
    let (user, scope) = accounts.authenticate(token).map_err(|refusal| match refusal {
        TokenRefusal::Invalid => answers::bad_token("Invalid access token."),
        TokenRefusal::Expired => answers::bad_token("Access token is expired."),
        TokenRefusal::Replaced => answers::error(401, 4741, "The token is invalid: the user has authorized again."),
    })?;
    let scopes = operation.scopes();
    if scope.split(' ').any(|granted| scopes.contains(&granted)) {
        return Ok(user);
    }
    let wanted = scopes.join(", ");
    let message = format!("Invalid access token, does not contain scopes:[{wanted}].");
    Err(answers::error(400, 4711, &message))
}

fn create(user: &mut User, body: &Map<String, Value>) -> Result<Answer, Answer> {
    let fields = validation::new_meeting(body).map_err(|errors| answers::invalid(&errors))?;
    count_write(user)?;
    let meeting = Meeting::new(&user.id, fields);
    let answer = answers::json(201, &meeting.to_json(&user.email));
    user.meetings.push(meeting);
    Ok(answer)
}

fn update(user: &mut User, parts: &Parts, body: &Map<String, Value>) -> Result<Answer, Answer> {
    let index = find(user, parts)?;
    let fields = validation::changes(body).map_err(|errors| answers::invalid(&errors))?;
    count_write(user)?;
    user.meetings[index].change(fields);
    Ok(answers::no_content())
}

/// The only status that is asked for here is the end of a running meeting.
fn end(user: &mut User, parts: &Parts, body: &Map<String, Value>) -> Result<Answer, Answer> {
    let index = find(user, parts)?;
    if *body != Map::from_iter([("action".to_owned(), json!("end"))]) {
        return Err(refused_field("action", "Must be end, and nothing else."));
    }
    let meeting = &mut user.meetings[index];
    if meeting.state != MeetingState::Started {
        return Err(answers::unknown_meeting(&meeting.id.to_string()));
    }
    meeting.state = MeetingState::Ended;
    Ok(answers::no_content())
}

fn delete(user: &mut User, parts: &Parts) -> Result<Answer, Answer> {
    let index = find(user, parts)?;
    let refused = |code, reason| {
        let message = format!("Sorry, you cannot delete this meeting since it {reason}.");
        Err(answers::error(400, code, &message))
    };
    match user.meetings[index].state {
        MeetingState::Started => refused(3002, "is in progress"),
        MeetingState::Ended => refused(3007, "has ended"),
        MeetingState::Waiting => {
            user.meetings.remove(index);
            Ok(answers::no_content())
        }
    }
}

fn list(user: &User, query: &[(String, String)]) -> Result<Answer, Answer> {
    let parameter = |name| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let upcoming_only = match parameter("type") {
        None | Some("scheduled") => false,
        Some("upcoming") => true,
        Some(_) => return Err(refused_field("type", "Must be scheduled or upcoming.")),
    };
    let page_size = match parameter("page_size").map(str::parse) {
        None => DEFAULT_PAGE,
        Some(Ok(size @ 1..=LARGEST_PAGE)) => size,
        Some(_) => return Err(refused_field("page_size", "Must be an integer from 1 to 300.")),
    };
    let first = match parameter("next_page_token") {
        None | Some("") => 0,
        Some(token) => offset(token).ok_or_else(|| refused_field("next_page_token", "Not a token of this list."))?,
    };

    let mut meetings: Vec<&Meeting> = user.meetings.iter().collect();
    meetings.retain(|meeting| !(upcoming_only && meeting.is_over()));
    meetings.sort_by_key(|meeting| meeting.start_time);
    let page = meetings.iter().skip(first).take(page_size);
    let page: Vec<Value> = page.map(|meeting| meeting.to_json_in_list()).collect();
    let next = first + page.len();
    let token = if next < meetings.len() { page_token(next) } else { String::new() };
    Ok(answers::json(
        200,
        &json!({
            "page_size": page_size,
            "total_records": meetings.len(),
            "next_page_token": token,
            "meetings": page,
        }),
    ))
}

fn page_token(offset: usize) -> String {
    format!("simulated-page-{offset}")
}

fn offset(token: &str) -> Option<usize> {
    token.strip_prefix("simulated-page-")?.parse().ok()
}

/// Where in the user's meetings the one is that the path names.
fn find(user: &User, parts: &Parts) -> Result<usize, Answer> {
    let text = path(parts).trim_start_matches("/v2/meetings/").split('/').next().unwrap_or_default();
    let id: u64 = text.parse().map_err(|_| answers::error(400, 300, "Invalid meeting id."))?;
    user.meeting(id).ok_or_else(|| answers::unknown_meeting(text))
}

fn count_write(user: &mut User) -> Result<(), Answer> {
    if user.may_write() {
        return Ok(());
    }
    Err(answers::daily_limit(None))
}

fn json_object(parts: &Parts, body: &[u8]) -> Result<Map<String, Value>, Answer> {
    if media_type(&parts.headers) != Some("application/json") {
        return Err(answers::error(415, 300, "Unsupported Content Type"));
    }
    serde_json::from_slice(body).map_err(|_| answers::error(400, 300, "Request Body should be a valid JSON object."))
}

fn query(operation: Operation, parts: &Parts) -> Result<Vec<(String, String)>, Answer> {
    let text = parts.uri.query().unwrap_or_default();
    let parameters: Vec<(String, String)> =
        serde_urlencoded::from_str(text).map_err(|error| refused_field("query", &error.to_string()))?;
    let known = operation.query_parameters();
    match parameters.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(refused_field(name, "Unknown parameter.")),
        None => Ok(parameters),
    }
}

fn refused_field(field: &str, message: &str) -> Answer {
    answers::invalid(&[FieldError { field: field.to_owned(), message: message.to_owned() }])
}
