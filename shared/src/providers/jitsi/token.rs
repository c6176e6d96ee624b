use chrono::{DateTime, TimeDelta, Utc};
use jwt_compact::Claims;
use serde_json::{Value, json};

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
    /// Whose it is: tells people apart.
    pub user_id: String,
    /// The name that the others see, empty if it is not known: Jitsi takes a null for an error.
    pub user_name: String,
    /// Whether they may mute and remove others.
    pub is_moderator: bool,
}

/// Whom a server believes about whom, and what people may do in its rooms.
pub(super) struct Terms<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    /// What has a name here is for nobody.
    pub(super) closed_features: &'static [&'static str],
}

impl JitsiToken {
    pub(super) fn claims(&self, terms: &Terms<'_>, now: DateTime<Utc>) -> Claims<Value> {
        let moderator = text(self.is_moderator);
        let mut context = json!({"user": {"id": self.user_id, "name": self.user_name, "moderator": moderator}});
        for feature in terms.closed_features {
            context["features"][feature] = text(false).into();
        }
        let mut claims = Claims::new(json!({
            "aud": AUDIENCE, "iss": terms.issuer, "sub": terms.subject, "room": self.room, "context": context,
        }));
        claims.not_before = Some(now - CLOCKS_DIFFER);
        claims.expiration = Some(now + LIFETIME);
        claims
    }
}

/// `JaaS` reads these as text alone, and a server of one's own reads text too.
fn text(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}
