use shared::testing::{TestClock, Upstream, context};
use uuid::Uuid;

use super::*;

const ID: Uuid = Uuid::from_u128(7);

#[tokio::test]
async fn the_room_of_an_ended_meeting_goes_now_or_later() {
    for (status, progress, error, note) in [
        (204, Progress::Done, json!(null), None),
        (404, Progress::Done, json!(null), None),
        (500, Progress::Pending, json!("provider_failed"), Some("room_not_closed")),
    ] {
        let upstream = Upstream::in_turn(&[(status, json!(null)), (200, json!({"settled": 1}))]);
        let url = upstream.url.as_str();
        let variables = [("SUPABASE_URL", url), ("OPENVIDU_URL", url), ("OPENVIDU_SECRET", "s")];
        let context = context(&TestClock::at("2026-05-01T09:00:00Z"), &variables);
        let rooms = rooms::rooms(&context).unwrap();

        let closed = close(&context, &*rooms, "room", &Effect { id: ID, lease_id: ID }).await;

        let outcome = if closed == Progress::Done { "done" } else { "retry" };
        assert_eq!(closed, progress, "{status}");
        assert_eq!(upstream.calls(), ["DELETE /openvidu/api/sessions/room", "POST settle_outbox"]);
        let settled = json!({"results": [{"id": ID, "lease_id": ID, "outcome": outcome, "error": error}]});
        assert_eq!(upstream.asked()[1].json(), settled);
        assert_eq!(context.note.take().map(|note| note.code), note);
    }
}
