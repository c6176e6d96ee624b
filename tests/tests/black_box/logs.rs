//! What the functions log opens nothing, and repeats nothing that anyone said: no token, secret, passcode, link or body. Reads all
//! that the stack has printed until then; `scripts/test` runs this last.

use convene_tests::harness::{Answer, Operation, Person, Request, RoomFault, Stack, ZoomFault};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{linked_session, session};

/// What a line may have: nothing else is logged.
const FIELDS: [&str; 7] = ["function", "request_id", "status", "code", "cause", "milliseconds", "caller_id"];

/// How a token, a header or a link with either looks, whoever made it.
const OPENING: [&str; 10] =
    ["eyJ", "Bearer ", "Basic ", "jwt=", "tok_", "pwd=", "zak=", "PRIVATE KEY", "/convene-", "://meet."];

/// The variables of the stack that open something.
const SECRETS: [&str; 6] =
    ["SECRET_KEY", "JWT_SECRET", "SEAL_KEYS", "ROOM_TICKET_SECRET", "SCHEDULER_SECRET", "ZOOM_WEBHOOK_SECRET"];

/// The fields of answers that open something.
const OPENING_FIELDS: [&str; 12] = [
    "token",
    "ticket",
    "passcode",
    "url",
    "join_url",
    "share_link",
    "session_token",
    "guest_secret",
    "guestSecret",
    "meeting_url",
    "meeting_room_id",
    "credential",
];

/// What was said to the functions, and by them.
struct Conversation {
    unspeakable: Vec<String>,
    request_ids: Vec<String>,
}

impl Conversation {
    fn with(stack: &Stack) -> Self {
        // `SEAL_KEYS` are several, each with its id.
        let parts = |name| stack.variable(name).split([':', ',']).filter(|part| part.len() > 8).map(str::to_owned);
        let unspeakable = SECRETS.into_iter().flat_map(parts).collect();
        Self { unspeakable, request_ids: Vec::new() }
    }

    /// A word that was never used before, and is not to be found in the log.
    fn word(&mut self) -> String {
        let word = format!("word{}", Uuid::new_v4().simple());
        self.unspeakable.push(word.clone());
        word
    }

    /// Asks, and takes note of what in the answer opens something.
    async fn hear(&mut self, request: Request) -> Answer {
        let answer = request.send().await;
        self.request_ids.push(answer.header("x-request-id").unwrap().to_owned());
        if let Ok(body) = serde_json::from_str(&answer.text) {
            self.remember(&body);
        }
        answer
    }

    fn remember(&mut self, body: &Value) {
        match body {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if OPENING_FIELDS.contains(&name.as_str()) => {
                            self.unspeakable.push(text.clone());
                        }
                        value => self.remember(value),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.remember(value)),
            _ => {}
        }
    }

    async fn assert_kept(&self, stack: &Stack) {
        let printed = stack.printed(&self.request_ids).await;
        for secret in &self.unspeakable {
            let line = printed.lines().find(|line| has(line, secret));
            assert_eq!(line, None, "with {secret}");
        }
        for opening in OPENING {
            let line = printed.lines().find(|line| line.contains(opening));
            assert_eq!(line, None, "with {opening}");
        }
        let logged: Vec<Value> = printed.lines().filter_map(logged).collect();
        assert!(logged.len() >= self.request_ids.len());
        for line in &logged {
            let mut unknown = line.as_object().unwrap().keys().filter(|field| !FIELDS.contains(&field.as_str()));
            assert_eq!(unknown.next(), None, "{line}");
        }
    }
}

/// Whether the line has the secret in it; one of six digits, which an id may have in it by chance, as a word.
fn has(line: &str, secret: &str) -> bool {
    line.contains(secret)
        && (secret.len() > 6 || line.split(|character: char| !character.is_alphanumeric()).any(|word| word == secret))
}

/// What a function logged in this line, if one did: others print too.
fn logged(line: &str) -> Option<Value> {
    let fields: Value = serde_json::from_str(line.split_once(' ')?.1).ok()?;
    fields.is_object().then_some(fields)
}

#[tokio::test]
async fn what_opens_something_is_given_and_not_logged() {
    let stack = Stack::running();
    let mut said = Conversation::with(&stack);
    let (trainer, tutor, therapist) =
        (stack.trainer().await, stack.person("tutor").await, stack.person("therapist").await);
    let operator = stack.operator().await;
    let customer = stack.customer_of(&operator).await;
    for person in [&trainer, &tutor, &therapist, &operator] {
        said.unspeakable.push(person.token.clone());
    }
    let zoom = stack.connect_zoom(&trainer).await;
    said.unspeakable.extend(zoom.access_token.into_iter().chain(zoom.refresh_token));

    let function = |name: &str, by: &Person, body: &Value| stack.function(name).by(by).json(body);
    let made = said.hear(function("create-video-session", &trainer, &session(&json!({})))).await;
    assert!(made.expect(201)["session"]["join_url"].is_string());
    said.hear(function("create-video-session", &trainer, &linked_session())).await.expect(201);

    let now = chrono::Utc::now();
    let class = json!({"action": "create", "title": "Integrals", "tutor_name": "Ms Tutor", "scheduled_time": now});
    let class = said.hear(function("virtual-sessions", &tutor, &class)).await.expect(201)["session"]["id"].clone();
    let join = json!({"action": "join", "session_id": class});
    assert!(said.hear(function("virtual-sessions", &tutor, &join)).await.expect(200)["meeting_url"].is_string());

    let talk = json!({"action": "create", "session_name": "Talk"});
    let talk = said.hear(function("instant-sessions", &therapist, &talk)).await.expect(201);
    let come = json!({"action": "join", "session_token": talk["session"]["session_token"], "participant_name": "Ann"});
    let entry = said.hear(stack.function("instant-sessions").json(&come)).await.expect(200);
    assert!(entry["ticket"].is_string() && entry["guest_secret"].is_string());

    let student = stack.person("student").await;
    let insert = "insert into public.bookings (tutor_id, student_id) values ($1, $2) returning id";
    let booking: Uuid = stack.sql(insert, &[&tutor.id, &student.id]).await[0].get(0);
    let lesson = json!({
        "bookingId": booking, "tutorId": tutor.id, "studentId": student.id,
        "scheduledStart": now, "scheduledEnd": now + chrono::Duration::hours(1),
    });
    let lesson = said.hear(function("video-meetings/meetings", &tutor, &lesson)).await.expect(201);
    let (id, passcode) = (lesson["meetingId"].as_str().unwrap(), lesson["passcode"].as_str().unwrap());
    let path = format!("video-meetings/meetings/{id}/join");
    for passcode in [passcode, "000000"] {
        said.hear(stack.function(&path).json(&json!({"userType": "guest", "passcode": passcode}))).await;
    }
    let read = stack.function(&format!("video-meetings/meetings/{id}")).method(Method::GET);
    said.hear(read.header("x-meeting-passcode", passcode)).await.expect(200);

    let meeting = json!({"clientId": customer.record, "title": "Review", "scheduledAt": now});
    let meeting = said.hear(function("create-meeting", &operator, &meeting)).await.expect(201)["meeting"]["id"].clone();
    let press = json!({"meetingId": meeting});
    assert!(said.hear(function("get-openvidu-token", &operator, &press)).await.expect(200)["token"].is_string());
    said.hear(function("end-meeting", &operator, &press)).await.expect(200);
    said.assert_kept(&stack).await;
}

#[tokio::test]
async fn what_is_refused_is_not_repeated() {
    let stack = Stack::running();
    let mut said = Conversation::with(&stack);
    let trainer = stack.trainer().await;
    for function in [
        "create-video-session",
        "virtual-sessions",
        "instant-sessions",
        "video-meetings/meetings",
        "create-meeting",
        "get-openvidu-token",
        "send-session-invite",
        "zoom-webhook",
        "openvidu-webhook",
        "deliver-outbox",
    ] {
        let [token, field, value, text, key, query, passcode] = [(); 7].map(|()| said.word());
        let request = || stack.function(&format!("{function}?q={query}")).header("x-meeting-passcode", &passcode);
        let by_trainer = || request().by(&trainer);
        let unknown = json!({&field: &value, "action": &value, "title": &value});
        said.hear(request().token(&token).json(&unknown)).await;
        said.hear(by_trainer().json(&unknown)).await;
        said.hear(by_trainer().idempotency_key(&format!("{key} {key}")).json(&unknown)).await;
        said.hear(by_trainer().json(&json!(value))).await;
        said.hear(by_trainer().body("application/json", format!("{{\"a\": {text}"))).await;
        said.hear(by_trainer().body("text/plain", text)).await;
    }
    for path in ["zoom-oauth-callback?code={}&state={}", "video-meetings/meetings/{}?passcode={}"] {
        let path = path.replacen("{}", &said.word(), 1).replacen("{}", &said.word(), 1);
        said.hear(stack.function(&path).method(Method::GET)).await;
    }
    let (token, secret) = (said.word(), said.word());
    let come = json!({"action": "join", "session_token": token, "participant_name": "Ann", "guest_secret": secret});
    said.hear(stack.function("instant-sessions").json(&come)).await;
    said.assert_kept(&stack).await;
}

#[tokio::test]
async fn what_a_provider_said_is_not_repeated() {
    let stack = Stack::running();
    let mut said = Conversation::with(&stack);
    for (operation, status) in [
        (Operation::RefreshToken, 200),
        (Operation::RefreshToken, 400),
        (Operation::CreateMeeting, 201),
        (Operation::CreateMeeting, 400),
    ] {
        for form in ["\"{}\"", "{\"id\": \"{}\", \"expires_in\": \"{}\", \"error\": \"{}\"}", "<{}>"] {
            let trainer = stack.trainer().await;
            let zoom = stack.connect_zoom_with(&trainer, json!({"access_token_expired": true})).await;
            let body = form.replace("{}", &said.word());
            stack.zoom_fault(&zoom, operation, ZoomFault::Raw { status, body }, 1).await;
            let create = stack.function("create-video-session").by(&trainer).json(&session(&json!({})));
            let answer = said.hear(create).await;
            assert!(answer.status >= 400, "{answer:?}");
        }
    }
    let therapist = stack.person("therapist").await;
    let talk = json!({"action": "create", "session_name": "Talk"});
    let talk = said.hear(stack.function("instant-sessions").by(&therapist).json(&talk)).await.expect(201);
    for form in ["\"{}\"", "{\"ice_servers\": \"{}\", \"iceServers\": \"{}\"}", "<{}>"] {
        let come =
            json!({"action": "join", "session_token": talk["session"]["session_token"], "participant_name": "Ann"});
        let request = stack.function("instant-sessions").json(&come);
        let body = form.replace("{}", &said.word());
        stack.turn_fault(request.request_id(), RoomFault::Raw { status: 201, body }, 1).await;
        said.hear(request).await.expect(200);
    }
    said.assert_kept(&stack).await;
}
