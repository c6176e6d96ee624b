use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Stack;
use crate::tokens;

/// For the local stack only, as everything here.
const PASSWORD: &str = "correct horse battery staple 7";

/// Someone who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The user id.
    pub id: Uuid,
    /// Nobody else has it.
    pub email: String,
    /// For signing in again.
    pub password: String,
    /// The access token.
    pub token: String,
}

/// Someone who is signed in and of whom an operator has a record.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Who signs in.
    pub person: Person,
    /// The id in `clients`.
    pub record: Uuid,
}

impl Person {
    /// What the access token says.
    pub fn claims(&self) -> Value {
        tokens::claims(&self.token)
    }
}

impl Stack {
    /// A new user, signed up through the auth API, with an address that begins with `name`.
    pub async fn sign_up(&self, name: &str) -> Person {
        let email = format!("{name}-{}@example.com", Uuid::new_v4().simple());
        self.auth("signup", &email, PASSWORD).await
    }

    /// A user who exists.
    pub async fn sign_in(&self, email: &str, password: &str) -> Person {
        self.auth("token?grant_type=password", email, password).await
    }

    /// A new user with the role.
    pub async fn person(&self, role: &str) -> Person {
        let person = self.sign_up(role).await;
        self.set_role(&person, role).await;
        person
    }

    /// A new trainer.
    pub async fn trainer(&self) -> Person {
        self.person("trainer").await
    }

    /// A new client whose lead the host has accepted.
    pub async fn client_of(&self, host: &Person) -> Person {
        let client = self.person("client").await;
        let insert = "insert into public.leads (client_id, provider_id, status) values ($1, $2, 'accepted')";
        self.sql(insert, &[&client.id, &host.id]).await;
        client
    }

    /// A new operator.
    pub async fn operator(&self) -> Person {
        let operator = self.person("operator").await;
        self.sql("insert into public.operators (id) values ($1)", &[&operator.id]).await;
        operator
    }

    /// A new client of the operator's.
    pub async fn customer_of(&self, operator: &Person) -> Customer {
        let person = self.person("client").await;
        let insert = "insert into public.clients (auth_user_id, operator_id) values ($1, $2) returning id";
        let record = self.sql(insert, &[&person.id, &operator.id]).await[0].get(0);
        Customer { person, record }
    }

    /// Sets `profiles.role`, past every rule.
    pub async fn set_role(&self, person: &Person, role: &str) {
        let update = "update public.profiles set role = $2 where id = $1 returning id";
        let rows = self.sql(update, &[&person.id, &role]).await;
        assert_eq!(rows.len(), 1, "{} has no profile", person.email);
    }

    /// Sign-up signs in, too: the local stack confirms no addresses.
    async fn auth(&self, endpoint: &str, email: &str, password: &str) -> Person {
        let url = format!("{}/auth/v1/{endpoint}", self.variable("API_URL"));
        let body = json!({"email": email, "password": password});
        let session = self.request(Method::POST, url).json(&body).send().await.expect(200);
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no session: {session}")).to_owned();
        Person {
            id: text(&session["user"]["id"]).parse().unwrap(),
            email: email.to_owned(),
            password: password.to_owned(),
            token: text(&session["access_token"]),
        }
    }
}
