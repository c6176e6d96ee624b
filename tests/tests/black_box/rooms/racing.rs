//! What happens at once.

use convene_tests::harness::RoomOperation;
use futures_util::future::{join, join_all};

use super::{Meeting, has_livekit};

#[tokio::test]
async fn parallel_joins_start_the_meeting_once_and_all_get_in() {
    let meeting = Meeting::due().await;
    let answers = join_all((0..8).map(|_| meeting.token(&meeting.operator))).await;
    let mut tokens = Vec::new();
    for answer in answers {
        tokens.push(answer.expect(200)["token"].as_str().unwrap().to_owned());
    }
    for token in &tokens {
        meeting.stack.join_room(token).await.received();
    }
    assert_eq!(meeting.notices(&meeting.customer.person, "meeting_started").await, 1);
    if !has_livekit(&meeting.stack) {
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), 8, "each works once");
    }
}

#[tokio::test]
async fn a_join_that_races_the_end_leaves_no_open_room() {
    for _ in 0..5 {
        let (meeting, _) = Meeting::under_way().await;
        let (joined, ended) = join(meeting.token(&meeting.customer.person), meeting.end()).await;
        ended.expect(200);
        if joined.status == 200 {
            let token = joined.json()["token"].as_str().unwrap().to_owned();
            let entered = meeting.stack.try_to_join_room(&token).await;
            assert!([200, 403].contains(&entered.status), "{entered:?}");
        } else {
            assert!(matches!(joined.status, 409 | 502), "{joined:?}");
        }
        meeting.make_due().await;
        meeting.stack.deliver_what_is_due(&meeting.operator).await;
        assert_eq!(meeting.stack.room(&meeting.room).await, None);
        assert_eq!(meeting.status().await, "completed");
    }
}

#[tokio::test]
async fn a_start_that_races_the_end_leaves_no_open_room() {
    for _ in 0..5 {
        let (meeting, _) = Meeting::under_way().await;
        let (started, ended) = join(meeting.press("start-meeting").by(&meeting.operator).send(), meeting.end()).await;
        ended.expect(200);
        assert!([200, 409].contains(&started.status), "{started:?}");
        meeting.make_due().await;
        meeting.stack.deliver_what_is_due(&meeting.operator).await;
        assert_eq!((meeting.stack.room(&meeting.room).await, meeting.status().await.as_str()), (None, "completed"));
        assert!(meeting.times(RoomOperation::Close).await >= 1);
    }
}
