//! Operators' meetings in their rooms, at OpenVidu 2 or 3, whichever the stack has. `scripts/test` runs these with both.

mod ending;
mod racing;
mod recordings;
mod starting;
mod tokens;
mod webhooks;

use chrono::{DateTime, Utc};
use convene_tests::harness::{Answer, Customer, Person, Request, RoomNews, RoomOperation, Stack, Version};
use serde_json::{Value, json};
use uuid::Uuid;

/// A meeting of an operator and a client of theirs.
struct Meeting {
    stack: Stack,
    operator: Person,
    customer: Customer,
    id: Uuid,
    /// What its room is called, whether it is open or not.
    room: String,
}

impl Meeting {
    /// One that is to begin now.
    async fn due() -> Self {
        Self::planned(0).await
    }

    /// One that is to begin in so many minutes, and whose room was tried out.
    async fn planned(minutes: i32) -> Self {
        let mut meeting = Self::untouched(minutes).await;
        let name = "update public.meetings set session_id = gen_random_uuid() where id = $1 returning session_id";
        meeting.room = meeting.stack.sql(name, &[&meeting.id]).await[0].get(0);
        meeting
    }

    /// One whose room nobody asked for.
    async fn untouched(minutes: i32) -> Self {
        let stack = Stack::running();
        let operator = stack.operator().await;
        let customer = stack.customer_of(&operator).await;
        let insert = "insert into public.meetings (client_id, operator_id, title, scheduled_at)
            values ($1, $2, 'Annual review', now() + $3 * interval '1 minute') returning id";
        let id: Uuid = stack.sql(insert, &[&customer.record, &operator.id, &f64::from(minutes)]).await[0].get(0);
        Self { stack, operator, customer, id, room: String::new() }
    }

    /// One that the operator and the client have entered, as if that had been ten minutes ago.
    async fn under_way() -> (Self, [RoomNews; 2]) {
        let meeting = Self::due().await;
        let inside = [meeting.enter(&meeting.operator).await, meeting.enter(&meeting.customer.person).await];
        meeting.shift(10).await;
        (meeting, inside)
    }

    /// Everything is so many minutes longer ago.
    async fn shift(&self, minutes: i32) {
        for update in [
            "update public.meetings set started_at = started_at - $2 * interval '1 minute',
                scheduled_at = scheduled_at - $2 * interval '1 minute' where id = $1",
            "update private.meeting_rooms set admitted_at = admitted_at - $2 * interval '1 minute',
                empty_since = empty_since - $2 * interval '1 minute' where meeting_id = $1",
            "update public.meeting_attendance set joined_at = joined_at - $2 * interval '1 minute',
                left_at = left_at - $2 * interval '1 minute' where meeting_id = $1",
        ] {
            self.stack.sql(update, &[&self.id, &f64::from(minutes)]).await;
        }
    }

    /// Nobody comes for longer than is waited for, and the sweep passes.
    async fn nobody_comes(&self) {
        self.shift(11).await;
        self.stack.deliver_outbox().await.expect(200);
    }

    fn press(&self, function: &str) -> Request {
        self.stack.function(function).json(&json!({"meetingId": self.id}))
    }

    async fn token(&self, by: &Person) -> Answer {
        self.press("get-openvidu-token").by(by).send().await
    }

    /// Gets a token, and connects with it as a browser does.
    async fn enter(&self, by: &Person) -> RoomNews {
        let token = self.token(by).await.expect(200)["token"].as_str().unwrap().to_owned();
        let news = self.stack.join_room(&token).await;
        news.received();
        news
    }

    async fn end(&self) -> Answer {
        self.press("end-meeting").by(&self.operator).send().await
    }

    async fn row(&self) -> Value {
        self.stack.rows("select * from public.meetings where id = $1", &[&self.id]).await.remove(0)
    }

    async fn status(&self) -> String {
        self.row().await["status"].as_str().unwrap().to_owned()
    }

    async fn attendance(&self) -> Vec<Value> {
        let rows = "select connection_id, user_id, joined_at, left_at from public.meeting_attendance
            where meeting_id = $1 order by joined_at, connection_id";
        self.stack.rows(rows, &[&self.id]).await
    }

    /// How many notices of this kind someone has of the meeting.
    async fn notices(&self, person: &Person, kind: &str) -> usize {
        let told = "select 1 from public.notifications
            where user_id = $1 and type = $2 and data ->> 'meeting_id' = $3";
        self.stack.count(told, &[&person.id, &kind, &self.id.to_string()]).await
    }

    /// What was asked of the room's server, and how it answered.
    async fn asked(&self) -> Vec<(RoomOperation, Option<u16>)> {
        let calls = self.stack.room_calls(&self.room).await;
        calls.into_iter().map(|call| (call.room_operation.unwrap(), call.status)).collect()
    }

    /// How often the server was asked for this.
    async fn times(&self, operation: RoomOperation) -> usize {
        self.asked().await.iter().filter(|(asked, _)| *asked == operation).count()
    }

    /// The effects of the outbox, the first first.
    async fn effects(&self) -> Vec<Value> {
        let rows = "select kind, status, error, available_at > now() + interval '5 minutes' as later
            from private.outbox where payload ->> 'meeting_id' = $1 order by available_at, kind";
        self.stack.rows(rows, &[&self.id.to_string()]).await
    }

    /// The time of every effect that is left comes.
    async fn make_due(&self) {
        let due = "update private.outbox set available_at = now(), leased_until = null
            where payload ->> 'meeting_id' = $1 and status = 'pending'";
        self.stack.sql(due, &[&self.id.to_string()]).await;
    }

    /// A status that nobody asked for by the functions.
    async fn set_status(&self, status: &str) {
        let update = "update public.meetings set status = $2 where id = $1";
        self.stack.sql(update, &[&self.id, &status]).await;
    }
}

fn has_livekit(stack: &Stack) -> bool {
    stack.openvidu_version() == Version::V3
}

fn time(row: &Value, field: &str) -> DateTime<Utc> {
    let text = row[field].as_str();
    assert!(text.is_some(), "no {field}: {row}");
    text.unwrap().parse().unwrap()
}
