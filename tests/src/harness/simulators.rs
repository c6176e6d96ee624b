use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Algorithm, Answer, Call, Operation, Person, RoomFault, Stack, SupabaseFault, ZoomFault};

/// A Zoom user who has connected the app.
#[derive(Clone, Debug, Deserialize)]
pub struct ZoomUser {
    /// Zoom's id of the user.
    #[serde(rename = "zoom_user_id")]
    pub id: String,
    /// Zoom's id of the user's account.
    #[serde(rename = "zoom_account_id")]
    pub account_id: String,
    /// The user's address at Zoom.
    pub email: String,
    /// The valid one when this was asked, if there was a grant; a refresh kills it.
    pub access_token: Option<String>,
    /// The valid one when this was asked, if there was a grant; a refresh kills it.
    pub refresh_token: Option<String>,
}

impl Stack {
    /// Connects a new Zoom user with every scope and a fresh access token.
    pub async fn connect_zoom(&self, person: &Person) -> ZoomUser {
        self.connect_zoom_with(person, json!({})).await
    }

    /// The same with `access_token_expired` (a bool), `scope` or `zoom_user_id` (texts) in the options.
    pub async fn connect_zoom_with(&self, person: &Person, mut options: Value) -> ZoomUser {
        options["user_id"] = json!(person.id);
        self.tell("zoom/connect", &options).await
    }

    /// The next `times` such calls go wrong.
    pub async fn zoom_fault(&self, user: &ZoomUser, operation: Operation, fault: ZoomFault, times: u32) {
        let planned = json!({"zoom_user_id": user.id, "operation": operation, "fault": fault, "times": times});
        self.tell::<Value>("zoom/faults", &planned).await;
    }

    /// The user with this id at Zoom, with the tokens that are valid now.
    pub async fn zoom_user(&self, id: &str) -> ZoomUser {
        self.ask(&format!("zoom/user?zoom_user_id={id}")).await
    }

    /// The meetings that exist at Zoom now.
    pub async fn zoom_meetings(&self, user: &ZoomUser) -> Vec<Value> {
        self.ask(&format!("zoom/meetings?zoom_user_id={}", user.id)).await
    }

    /// The grant dies at Zoom's side, and nobody is told.
    pub async fn revoke_zoom(&self, user: &ZoomUser) {
        self.tell::<Value>("zoom/revoke", &json!({"zoom_user_id": user.id})).await;
    }

    /// The calls to Zoom for this user, in order of arrival.
    pub async fn zoom_calls(&self, user: &ZoomUser) -> Vec<Call> {
        self.ask(&format!("calls?zoom_user_id={}", user.id)).await
    }

    /// The calls to Supabase and to the TURN service that one request caused, in order of arrival.
    pub async fn calls_of(&self, answer: &Answer) -> Vec<Call> {
        self.ask(&format!("calls?request_id={}", answer.request_id)).await
    }

    /// The next `times` calls to Supabase with this request id and such a path go wrong.
    pub async fn supabase_fault(&self, request_id: &str, path_contains: &str, fault: SupabaseFault, times: u32) {
        let planned = json!({"request_id": request_id, "path_contains": path_contains, "fault": fault, "times": times});
        self.tell::<Value>("supabase/faults", &planned).await;
    }

    /// The next `times` calls to the TURN service for this request id go wrong.
    pub async fn turn_fault(&self, request_id: &str, fault: RoomFault, times: u32) {
        let planned = json!({"request_id": request_id, "fault": fault, "times": times});
        self.tell::<Value>("turn/faults", &planned).await;
    }

    /// The person's claims as a hosted project would have them.
    pub fn hosted_claims(&self, person: &Person) -> Value {
        let mut claims = person.claims();
        claims["iss"] = json!(format!("{}/supabase/auth/v1", self.variable("SIMULATORS_URL")));
        claims["aal"] = json!("aal1");
        claims["is_anonymous"] = json!(false);
        claims
    }

    /// Signed with the stand-in hosted key of that algorithm.
    pub async fn hosted_token(&self, algorithm: Algorithm, claims: &Value) -> String {
        self.signed(&json!({"algorithm": algorithm, "claims": claims})).await
    }

    /// The same, with the name of another key in its header.
    pub async fn hosted_token_with_kid(&self, algorithm: Algorithm, claims: &Value, kid: &str) -> String {
        self.signed(&json!({"algorithm": algorithm, "claims": claims, "kid": kid})).await
    }

    /// The stand-in hosted keys, as anyone may read them.
    pub async fn jwks(&self) -> Value {
        let url = format!("{}/supabase/auth/v1/.well-known/jwks.json", self.variable("SIMULATORS_URL"));
        self.request(Method::GET, url).send().await.expect(200)
    }

    async fn signed(&self, wanted: &Value) -> String {
        let answer: Value = self.tell("tokens", wanted).await;
        answer["token"].as_str().unwrap().to_owned()
    }

    pub(super) async fn ask<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.request(Method::GET, self.control(path)).send().await;
        serde_json::from_value(answer.expect(200)).unwrap()
    }

    pub(super) async fn tell<T: DeserializeOwned>(&self, path: &str, body: &Value) -> T {
        let answer = self.request(Method::POST, self.control(path)).json(body).send().await;
        serde_json::from_value(answer.expect(200)).unwrap()
    }

    pub(super) fn control(&self, path: &str) -> String {
        format!("{}/simulator/{path}", self.variable("SIMULATORS_URL"))
    }
}
