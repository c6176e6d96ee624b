//! The entrance to a room: whoever was admitted gets a ticket, and the servers by which browsers reach each other.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    auth::ticket::{RoomRole, RoomTicket},
    context::Context,
    crypto::Secret,
    http::Error,
    providers::turn::{IceServer, IceServers},
};

/// The entrance to the rooms of this deployment.
pub struct Entrance {
    ticket_secret: Secret,
    ice_servers: IceServers,
}

/// Somebody whom the database has admitted.
pub struct Admitted {
    /// As the room knows them.
    pub participant_id: Uuid,
    /// The room.
    pub room: String,
    /// What they may do there.
    pub role: RoomRole,
    /// What the others see.
    pub name: String,
    /// When the room closes.
    pub session_end: DateTime<Utc>,
}

/// What they enter with.
pub struct Pass {
    /// A [`RoomTicket`], signed.
    pub ticket: String,
    /// With credentials for them.
    pub ice_servers: Vec<IceServer>,
}

impl Entrance {
    /// Reads the configuration, which is asked for before anybody is admitted: a deployment without it admits nobody.
    pub fn of(context: &Context) -> Result<Self, Error> {
        let config = context.config();
        Ok(Self { ticket_secret: config.ice.ticket_secret()?, ice_servers: config.ice.servers()? })
    }

    /// Lets somebody in, whatever the TURN service does.
    pub async fn let_in(&self, context: &Context, admitted: Admitted) -> Result<Pass, Error> {
        let Admitted { participant_id, room, role, name, session_end } = admitted;
        let now = context.clock().now();
        let ticket = RoomTicket::new(participant_id, room, role, name, now, session_end).sign(&self.ticket_secret)?;
        let ice_servers = self.ice_servers.or_stun(context, &participant_id.to_string(), session_end).await;
        Ok(Pass { ticket, ice_servers })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::*;
    use crate::testing::{TestClock, Upstream, context};

    const SECRET: &str = "a secret of at least 32 characters";

    fn admitted(session_end: &str) -> Admitted {
        Admitted {
            participant_id: Uuid::from_u128(7),
            room: "room".to_owned(),
            role: RoomRole::Host,
            name: "Ana".to_owned(),
            session_end: session_end.parse().unwrap(),
        }
    }

    fn twilio(url: &str) -> [(&str, &str); 5] {
        [
            ("SUPABASE_URL", url),
            ("ROOM_TICKET_SECRET", SECRET),
            ("TWILIO_ACCOUNT_SID", "AC1"),
            ("TWILIO_AUTH_TOKEN", "t"),
            ("TWILIO_API_URL", url),
        ]
    }

    #[tokio::test]
    async fn who_was_admitted_gets_a_ticket_and_servers() {
        let servers = json!({"ice_servers": [{"urls": "turn:t.example", "username": "u", "credential": "c"}]});
        let upstream = Upstream::in_turn(&[(201, servers)]);
        let clock = TestClock::at("2026-05-01T12:00:00Z");
        let context = context(&clock, &twilio(&upstream.url));
        let entrance = Entrance::of(&context).unwrap();
        let pass = entrance.let_in(&context, admitted("2026-05-01T12:02:00Z")).await.unwrap();
        let ticket = RoomTicket::verify(&Secret::new(SECRET), "room", &pass.ticket, context.clock().now()).unwrap();
        assert_eq!(
            (ticket.participant_id, ticket.role, ticket.name.as_str()),
            (Uuid::from_u128(7), RoomRole::Host, "Ana")
        );
        assert_eq!(ticket.expires_at - ticket.issued_at, TimeDelta::minutes(2), "not beyond the end");
        assert_eq!(pass.ice_servers[0].urls, ["turn:t.example"]);
        assert!(context.note.take().is_none());
    }

    #[tokio::test]
    async fn a_turn_service_that_fails_keeps_nobody_out() {
        let upstream = Upstream::in_turn(&[(500, json!(null))]);
        let clock = TestClock::at("2026-05-01T12:00:00Z");
        let context = context(&clock, &twilio(&upstream.url));
        let entrance = Entrance::of(&context).unwrap();
        let pass = entrance.let_in(&context, admitted("2026-05-01T13:00:00Z")).await.unwrap();
        assert_eq!(pass.ice_servers[0].urls, ["stun:stun.cloudflare.com:3478"]);
        assert_eq!(pass.ice_servers.len(), 1);
        let note = context.note.take().unwrap();
        assert_eq!((note.code, note.is_fault), ("turn_failed", true));
        assert!(note.cause.unwrap().contains("500"));
    }

    #[test]
    fn nobody_enters_without_a_secret_for_tickets() {
        let context = context(&TestClock::at("2026-05-01T12:00:00Z"), &[("SUPABASE_URL", "http://127.0.0.1:9")]);
        let refused = Entrance::of(&context).err().unwrap();
        assert!(refused.cause().unwrap().contains("ROOM_TICKET_SECRET"), "{refused:?}");
    }
}
