use std::collections::HashMap;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::{Value, json};

use super::super::{now, random};
use super::consent::Consent;
use super::meetings::Meeting;

/// An access token lives an hour.
const ACCESS_TOKEN_SECONDS: i64 = 3600;
const CODE_MINUTES: i64 = 5;
/// Creates and updates a host has a day, which ends at 00:00 UTC.
pub(super) const DAILY_WRITES: u32 = 100;

/// Zoom's users, and whose each token ever given out is.
#[derive(Default)]
pub(crate) struct Accounts {
    users: HashMap<String, User>,
    /// Dead tokens and spent codes stay, so that calls with them can still be told apart.
    owners: HashMap<String, Owner>,
    codes: HashMap<String, Code>,
}

struct Owner {
    user_id: String,
    /// Which of the user's approvals it came from.
    approval: u32,
}

pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) account_id: String,
    pub(crate) email: String,
    pub(super) meetings: Vec<Meeting>,
    /// What the user allowed the app, while it lasts.
    grant: Option<Tokens>,
    /// How many times the user has allowed it. Each time ends what the time before gave.
    approvals: u32,
    writes: (NaiveDate, u32),
}

/// A pair of tokens. The next refresh kills both.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) scope: String,
}

/// Why an access token does not work.
pub(super) enum TokenRefusal {
    Invalid,
    Expired,
    /// The user has allowed the app again since, and only what came of that is valid.
    Replaced,
}

/// What a user approved, until the app exchanges it: for five minutes, once.
pub(crate) struct Code {
    pub(crate) zoom_user_id: String,
    pub(crate) scope: String,
    pub(crate) redirect_uri: String,
    /// Of PKCE.
    pub(crate) challenge: String,
    expires_at: DateTime<Utc>,
}

impl Tokens {
    fn new(scope: String) -> Self {
        Self {
            // Zoom's are of about this length.
            access_token: random::url_safe::<480>(),
            refresh_token: random::url_safe::<480>(),
            expires_at: now() + Duration::seconds(ACCESS_TOKEN_SECONDS),
            scope,
        }
    }

    /// What the token endpoint answers.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "access_token": self.access_token,
            "token_type": "bearer",
            "refresh_token": self.refresh_token,
            "expires_in": ACCESS_TOKEN_SECONDS - 1,
            "scope": self.scope,
            "api_url": "https://api.zoom.us",
        })
    }
}

impl Accounts {
    /// A new Zoom user, who has not heard of the app.
    pub(crate) fn sign_up(&mut self) -> String {
        let id = random::url_safe::<16>();
        let user = User {
            account_id: random::url_safe::<16>(),
            email: format!("{}@example.com", id.to_lowercase()),
            meetings: Vec::new(),
            grant: None,
            approvals: 0,
            writes: (now().date_naive(), 0),
            id: id.clone(),
        };
        self.users.insert(id.clone(), user);
        id
    }

    /// Connects the user without the consent page.
    pub(crate) fn connect(&mut self, user_id: &str, scope: String, expired: bool) -> Option<(&User, Tokens)> {
        let user = self.users.get_mut(user_id)?;
        user.approvals += 1;
        let mut tokens = Tokens::new(scope);
        if expired {
            tokens.expires_at = now() - Duration::minutes(1);
        }
        self.give(user_id, tokens.clone());
        Some((&self.users[user_id], tokens))
    }

    /// The user presses Approve. The code, for which the app gets tokens. None for an unknown user.
    pub(super) fn approve(&mut self, consent: &Consent, user_id: &str, scope: String) -> Option<String> {
        let user = self.users.get_mut(user_id)?;
        user.approvals += 1;
        let code = random::url_safe::<24>();
        self.owners.insert(code.clone(), Owner { user_id: user_id.to_owned(), approval: user.approvals });
        let granted = Code {
            zoom_user_id: user_id.to_owned(),
            scope,
            redirect_uri: consent.redirect_uri.clone(),
            challenge: consent.code_challenge.clone(),
            expires_at: now() + Duration::minutes(CODE_MINUTES),
        };
        self.codes.insert(code.clone(), granted);
        Some(code)
    }

    /// Takes the code, whatever becomes of the exchange. None when it is not one, was taken, or is too old.
    pub(super) fn take_code(&mut self, code: &str) -> Option<Code> {
        self.codes.remove(code).filter(|code| now() < code.expires_at)
    }

    /// The five minutes of the code are over.
    pub(crate) fn expire_code(&mut self, code: &str) -> bool {
        self.codes.get_mut(code).map(|code| code.expires_at = now()).is_some()
    }

    /// The tokens for a code that was taken. They end the user's grant from before.
    pub(super) fn exchange(&mut self, code: &Code) -> Tokens {
        let tokens = Tokens::new(code.scope.clone());
        self.give(&code.zoom_user_id, tokens.clone());
        tokens
    }

    /// Whose the token or the code is, or was.
    pub(super) fn owner(&self, token: &str) -> Option<String> {
        self.owners.get(token).map(|owner| owner.user_id.clone())
    }

    /// Everyone who can sign in at Zoom, by e-mail address.
    pub(crate) fn users(&self) -> Vec<&User> {
        let mut users: Vec<&User> = self.users.values().collect();
        users.sort_by(|one, other| one.email.cmp(&other.email));
        users
    }

    pub(crate) fn user(&self, user_id: &str) -> Option<&User> {
        self.users.get(user_id)
    }

    pub(super) fn meeting(&mut self, id: u64) -> Option<(&mut User, usize)> {
        self.users.values_mut().find_map(|user| user.meeting(id).map(|index| (user, index)))
    }

    /// Whose the access token is now, and the scopes that go with it.
    pub(super) fn authenticate(&mut self, access_token: &str) -> Result<(&mut User, String), TokenRefusal> {
        let owner = self.owners.get(access_token).ok_or(TokenRefusal::Invalid)?;
        let user = self.users.get_mut(&owner.user_id).ok_or(TokenRefusal::Invalid)?;
        let grant = user.grant.as_ref().ok_or(TokenRefusal::Invalid)?;
        if grant.access_token != access_token {
            let replaced = owner.approval < user.approvals;
            return Err(if replaced { TokenRefusal::Replaced } else { TokenRefusal::Invalid });
        }
        if grant.expires_at <= now() {
            return Err(TokenRefusal::Expired);
        }
        let scope = grant.scope.clone();
        Ok((user, scope))
    }

    /// A new pair for a living refresh token: the old pair is dead from here on.
    pub(super) fn rotate(&mut self, refresh_token: &str) -> Option<Tokens> {
        let owner = self.owner(refresh_token)?;
        let old = self.users[&owner].grant.as_ref()?;
        if old.refresh_token != refresh_token {
            return None;
        }
        let fresh = Tokens::new(old.scope.clone());
        self.give(&owner, fresh.clone());
        Some(fresh)
    }

    /// The access token expires, if it is the current one.
    pub(super) fn expire(&mut self, access_token: &str) {
        let grants = self.users.values_mut().filter_map(|user| user.grant.as_mut());
        for grant in grants.filter(|grant| grant.access_token == access_token) {
            grant.expires_at = now();
        }
    }

    /// The grant dies at Zoom's side. False when there is none.
    pub(crate) fn revoke(&mut self, user_id: &str) -> bool {
        let user = self.users.get_mut(user_id);
        user.is_some_and(|user| user.grant.take().is_some())
    }

    /// Revokes the grant that the access token belongs to. False when it is not a living token.
    pub(super) fn revoke_token(&mut self, access_token: &str) -> bool {
        let Ok((user, _)) = self.authenticate(access_token) else {
            return false;
        };
        user.grant = None;
        true
    }

    /// The meetings that exist now, as their host sees them. None for an unknown user.
    pub(crate) fn meetings(&self, user_id: &str) -> Option<Vec<Value>> {
        let user = self.users.get(user_id)?;
        Some(user.meetings.iter().map(|meeting| meeting.to_json(&user.email)).collect())
    }

    fn give(&mut self, user_id: &str, tokens: Tokens) {
        let user = self.users.get_mut(user_id).unwrap();
        for token in [&tokens.access_token, &tokens.refresh_token] {
            let owner = Owner { user_id: user_id.to_owned(), approval: user.approvals };
            self.owners.insert(token.clone(), owner);
        }
        user.grant = Some(tokens);
    }
}

impl User {
    /// Where among the user's meetings it is.
    pub(super) fn meeting(&self, id: u64) -> Option<usize> {
        self.meetings.iter().position(|meeting| meeting.id == id)
    }

    /// What `/users/me` answers.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "account_id": self.account_id,
            "email": self.email,
            "first_name": "Simulated",
            "last_name": "Host",
            "display_name": "Simulated Host",
            "type": 2,
            "role_name": "Member",
            "timezone": "Europe/Berlin",
            "language": "en-US",
            "verified": 1,
            "status": "active",
        })
    }

    /// What a test may know. The tokens are null when there is no grant.
    pub(crate) fn to_control_json(&self) -> Value {
        let grant = self.grant.as_ref();
        json!({
            "zoom_user_id": self.id,
            "zoom_account_id": self.account_id,
            "email": self.email,
            "access_token": grant.map(|grant| &grant.access_token),
            "refresh_token": grant.map(|grant| &grant.refresh_token),
        })
    }

    /// Counts a create or an update. False when today's are used up.
    pub(super) fn may_write(&mut self) -> bool {
        let today = now().date_naive();
        let (day, count) = self.writes;
        let count = if day == today { count } else { 0 };
        self.writes = (today, count + 1);
        count < DAILY_WRITES
    }
}
