//! Room tickets: what a participant who was admitted shows to a signaling server. A JWT (RFC 7519) signed with
//! `ROOM_TICKET_SECRET`, for one participant, one room and at most five minutes; who stays asks for another.

use chrono::{DateTime, TimeDelta, Utc};
use jwt_compact::{
    AlgorithmExt as _, Claims, Header, UntrustedToken, ValidationError,
    alg::{Hs256, Hs256Key},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{crypto::Secret, http::Error};

/// The issuer.
const CONVENE: &str = "convene";
/// The audience: who knows the rooms.
const ROOM: &str = "room";
const LONGEST_LIFE: TimeDelta = TimeDelta::minutes(5);
/// How far a signaling server's clock may be behind. That it is ahead costs a ticket some of its life, and nothing more.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);
/// Far above any ticket; what is longer is not worth decoding.
const LONGEST_TICKET: usize = 4 * 1024;

/// Lets one participant into one room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomTicket {
    /// The participant, which is not always a user.
    pub participant_id: Uuid,
    /// The room, whatever names it: a session's id.
    pub room: String,
    /// What they may do there.
    pub role: RoomRole,
    /// What the others see.
    pub name: String,
    /// When it was made.
    pub issued_at: DateTime<Utc>,
    /// From when on it is worth nothing.
    pub expires_at: DateTime<Utc>,
}

/// What a participant may do in a room.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomRole {
    /// Whose room it is: may remove others.
    Host,
    /// Everyone else.
    Participant,
}

/// Why a ticket does not let anyone in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// Not a JWT, or not one with these claims.
    #[error("not a room ticket")]
    Malformed,
    /// Signed with another secret or algorithm, or changed since.
    #[error("a forged signature")]
    Forged,
    /// Another issuer or audience.
    #[error("not a ticket of this kind")]
    Foreign,
    /// It is too late.
    #[error("expired")]
    Expired,
    /// It is too early.
    #[error("not valid yet")]
    NotValidYet,
    /// It is for another room.
    #[error("for another room")]
    AnotherRoom,
}

#[derive(Clone, Deserialize, Serialize)]
struct TicketClaims {
    iss: String,
    aud: String,
    sub: Uuid,
    room: String,
    role: RoomRole,
    name: String,
}

impl RoomTicket {
    /// A ticket from now on, for five minutes, and never beyond the session's end.
    #[must_use]
    pub fn new(
        participant_id: Uuid,
        room: impl Into<String>,
        role: RoomRole,
        name: impl Into<String>,
        now: DateTime<Utc>,
        session_end: DateTime<Utc>,
    ) -> Self {
        let expires_at = session_end.min(now + LONGEST_LIFE);
        Self { participant_id, room: room.into(), role, name: name.into(), issued_at: now, expires_at }
    }

    /// The ticket as a participant gets it.
    pub fn sign(&self, secret: &Secret) -> Result<String, Error> {
        let mut claims = Claims::new(TicketClaims {
            iss: CONVENE.to_owned(),
            aud: ROOM.to_owned(),
            sub: self.participant_id,
            room: self.room.clone(),
            role: self.role,
            name: self.name.clone(),
        });
        claims.issued_at = Some(self.issued_at);
        claims.not_before = Some(self.issued_at);
        claims.expiration = Some(self.expires_at);
        Hs256
            .token(&Header::empty(), &claims, &key(secret))
            .map_err(|error| Error::Internal(format!("a room ticket cannot be written: {error}")))
    }

    /// The ticket in `token`, if it lets its holder into `room` now. For a signaling server: it needs nothing else of Convene.
    pub fn verify(secret: &Secret, room: &str, token: &str, now: DateTime<Utc>) -> Result<Self, TicketError> {
        if token.len() > LONGEST_TICKET {
            return Err(TicketError::Malformed);
        }
        let token = UntrustedToken::new(token).map_err(|_| TicketError::Malformed)?;
        let token = Hs256.validator::<TicketClaims>(&key(secret)).validate(&token).map_err(|error| match error {
            ValidationError::MalformedClaims(_) => TicketError::Malformed,
            _ => TicketError::Forged,
        })?;
        let (_, claims) = token.into_parts();
        let (Some(issued_at), Some(not_before), Some(expires_at)) =
            (claims.issued_at, claims.not_before, claims.expiration)
        else {
            return Err(TicketError::Malformed);
        };
        let TicketClaims { iss, aud, sub, room: its_room, role, name } = claims.custom;
        if iss != CONVENE || aud != ROOM {
            return Err(TicketError::Foreign);
        }
        if now >= expires_at {
            return Err(TicketError::Expired);
        }
        if not_before.signed_duration_since(now) > LEEWAY {
            return Err(TicketError::NotValidYet);
        }
        if its_room != room {
            return Err(TicketError::AnotherRoom);
        }
        Ok(Self { participant_id: sub, room: its_room, role, name, issued_at, expires_at })
    }
}

fn key(secret: &Secret) -> Hs256Key {
    Hs256Key::new(secret.expose())
}

#[cfg(test)]
#[path = "ticket_tests.rs"]
mod tests;
