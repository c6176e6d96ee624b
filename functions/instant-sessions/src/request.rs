//! What the caller sends, as types that cannot hold a bad value.

use serde::{Deserialize, Serialize};
use shared::{
    http::{Error, json::required},
    validation::{GuestSecret, LinkLifetimeMinutes, ParticipantName, Title},
};
use uuid::Uuid;

/// The body, as JSON has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    action: Option<ActionName>,
    session_name: Option<Title>,
    lobby: Option<bool>,
    expires_in_minutes: Option<LinkLifetimeMinutes>,
    session_token: Option<SessionToken>,
    participant_name: Option<ParticipantName>,
    guest_secret: Option<GuestSecret>,
    participant_id: Option<Uuid>,
    session_id: Option<Uuid>,
    user_id: Option<Uuid>,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActionName {
    Create,
    Join,
    Status,
    Leave,
    Admit,
    Remove,
    Readmit,
    Lock,
    Unlock,
    OpenLobby,
    CloseLobby,
    End,
}

/// One thing that a caller asks for.
pub(crate) enum Action {
    /// A therapist makes a session.
    Create(NewSession),
    /// Somebody with the link comes in.
    Join(Join),
    /// Somebody asks where they stand.
    Status(Pass),
    /// Somebody leaves.
    Leave(Pass),
    /// A therapist decides something.
    Decide(Decision),
}

/// A session to be made. Serialised, it is the `request` of the database function, and what an `Idempotency-Key` stands for.
#[derive(Serialize)]
pub(crate) struct NewSession {
    session_name: Title,
    /// Whether newcomers wait until they are admitted.
    lobby: bool,
    /// How long the link works; a day if absent.
    expires_in_minutes: Option<LinkLifetimeMinutes>,
}

/// Somebody who comes in by the link. Serialised, the arguments of the database function; so are the following.
#[derive(Serialize)]
pub(crate) struct Join {
    session_token: SessionToken,
    participant_name: ParticipantName,
    /// What makes a guest the same one again. Nothing to a signed-in user.
    pub(crate) guest_secret: Option<String>,
}

/// What somebody shows who has come in.
#[derive(Serialize)]
pub(crate) struct Pass {
    session_token: SessionToken,
    guest_secret: Option<String>,
}

/// A therapist's decision.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Decision {
    /// Somebody need not wait any longer.
    Admit { participant_id: Uuid },
    /// Somebody has to go, and stays out.
    Remove { participant_id: Uuid },
    /// Somebody who was removed may come back.
    Readmit { session_id: Uuid, user_id: Uuid },
    /// The session is locked, unlocked, ended, or gets or loses its lobby.
    Change { session_id: Uuid, action: ActionName },
}

/// The token of a link. Null where it cannot be anyone's: that opens nothing, so that what is mistyped, also what no database
/// takes for a text, gets the database's one answer for what is unknown.
#[derive(Deserialize, Serialize)]
#[serde(from = "String")]
pub(crate) struct SessionToken(Option<String>);

impl From<String> for SessionToken {
    fn from(token: String) -> Self {
        Self(Some(token).filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic())))
    }
}

impl Action {
    /// Takes what the action needs; what is left over is not for it: 422 naming the field.
    pub(crate) fn parse(mut body: Body) -> Result<Self, Error> {
        let name = required(body.action.take(), "action")?;
        let action = match name {
            ActionName::Create => Self::Create(NewSession {
                session_name: required(body.session_name.take(), "session_name")?,
                lobby: body.lobby.take().unwrap_or_default(),
                expires_in_minutes: body.expires_in_minutes.take(),
            }),
            ActionName::Join => Self::Join(Join {
                session_token: required(body.session_token.take(), "session_token")?,
                participant_name: required(body.participant_name.take(), "participant_name")?,
                guest_secret: body.guest_secret(),
            }),
            ActionName::Status => Self::Status(body.pass()?),
            ActionName::Leave => Self::Leave(body.pass()?),
            ActionName::Admit => Self::Decide(Decision::Admit { participant_id: body.participant_id()? }),
            ActionName::Remove => Self::Decide(Decision::Remove { participant_id: body.participant_id()? }),
            ActionName::Readmit => Self::Decide(Decision::Readmit {
                session_id: body.session_id()?,
                user_id: required(body.user_id.take(), "user_id")?,
            }),
            ActionName::Lock
            | ActionName::Unlock
            | ActionName::OpenLobby
            | ActionName::CloseLobby
            | ActionName::End => Self::Decide(Decision::Change { session_id: body.session_id()?, action: name }),
        };
        match body.first_field() {
            None => Ok(action),
            Some(field) => Err(Error::invalid(field, "is not for this action")),
        }
    }
}

impl Body {
    fn pass(&mut self) -> Result<Pass, Error> {
        let session_token = required(self.session_token.take(), "session_token")?;
        Ok(Pass { session_token, guest_secret: self.guest_secret() })
    }

    /// To be told to the database.
    fn guest_secret(&mut self) -> Option<String> {
        self.guest_secret.take().map(|secret| secret.expose().to_owned())
    }

    fn participant_id(&mut self) -> Result<Uuid, Error> {
        required(self.participant_id.take(), "participant_id")
    }

    fn session_id(&mut self) -> Result<Uuid, Error> {
        required(self.session_id.take(), "session_id")
    }

    /// The name of the first field that is given.
    fn first_field(&self) -> Option<&'static str> {
        [
            ("session_name", self.session_name.is_some()),
            ("lobby", self.lobby.is_some()),
            ("expires_in_minutes", self.expires_in_minutes.is_some()),
            ("session_token", self.session_token.is_some()),
            ("participant_name", self.participant_name.is_some()),
            ("guest_secret", self.guest_secret.is_some()),
            ("participant_id", self.participant_id.is_some()),
            ("session_id", self.session_id.is_some()),
            ("user_id", self.user_id.is_some()),
        ]
        .into_iter()
        .find_map(|(field, is_given)| is_given.then_some(field))
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
