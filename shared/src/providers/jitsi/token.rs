use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use jwt_compact::Claims;
use serde::Serialize;

use super::JitsiRoom;

/// How long a token lets in. Jitsi looks at it when somebody enters, so that whoever is removed from a session, and put out of its room,
/// does not come back with the one they have.
const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// How far ahead of Jitsi's clock ours may be: Jitsi's own check allows for nothing.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(30);
/// What Jitsi's tokens are for, whoever serves it.
const AUDIENCE: &str = "jitsi";

/// One person's entry to one room, for five minutes.
#[derive(Clone, Debug)]
pub struct JitsiToken {
    /// The only room that it opens.
    pub room: JitsiRoom,
    /// Whose it is.
    pub user: JitsiUser,
    /// Whether they may mute and remove others.
    pub is_moderator: bool,
}

/// A person as the others in the room see them. Jitsi takes a null for an error.
#[derive(Clone, Debug, Serialize)]
pub struct JitsiUser {
    /// Tells people apart.
    pub id: String,
    /// The name, empty if it is not known.
    pub name: String,
}

/// Whom a server believes about whom, and what people may do in its rooms.
pub(super) struct Terms<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    /// What has a name here is for nobody.
    pub(super) closed_features: &'static [&'static str],
}

/// The claims beside the times.
#[derive(Serialize)]
pub(super) struct JitsiClaims<'a> {
    aud: &'static str,
    iss: &'a str,
    sub: &'a str,
    room: &'a JitsiRoom,
    context: UserContext<'a>,
}

#[derive(Serialize)]
struct UserContext<'a> {
    user: UserClaims<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    features: BTreeMap<&'static str, &'static str>,
}

#[derive(Serialize)]
struct UserClaims<'a> {
    #[serde(flatten)]
    user: &'a JitsiUser,
    moderator: &'static str,
}

impl JitsiToken {
    pub(super) fn claims<'a>(&'a self, terms: &Terms<'a>, now: DateTime<Utc>) -> Claims<JitsiClaims<'a>> {
        let user = UserClaims { user: &self.user, moderator: text(self.is_moderator) };
        let features = terms.closed_features.iter().map(|feature| (*feature, text(false))).collect();
        let mut claims = Claims::new(JitsiClaims {
            aud: AUDIENCE,
            iss: terms.issuer,
            sub: terms.subject,
            room: &self.room,
            context: UserContext { user, features },
        });
        claims.not_before = Some(now - CLOCKS_DIFFER);
        claims.expiration = Some(now + LIFETIME);
        claims
    }
}

/// `JaaS` reads these as text alone, and a server of one's own reads text too.
fn text(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}
