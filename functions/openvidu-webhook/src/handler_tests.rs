use shared::testing::{self, NOWHERE, TestClock, context};

use super::*;

#[tokio::test]
async fn without_a_secret_nobody_is_believed() {
    let openvidu = [("SUPABASE_URL", NOWHERE), ("OPENVIDU_URL", NOWHERE), ("OPENVIDU_SECRET", "api-secret")];
    for variables in [&openvidu[..1], &openvidu] {
        let context = context(&TestClock::at("2026-05-01T09:00:00Z"), variables);
        let request = testing::request(&[("authorization", "Bearer ")], "{}");
        assert!(matches!(handle(&context, request).await, Err(Error::Internal(_))));
    }
}
