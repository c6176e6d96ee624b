//! What a handler works with: the deployment, and the request that is being served.

use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
};

use uuid::Uuid;

use crate::{
    auth::{VerifyingKey, jwks::JwksCache},
    clock::Clock,
    config::Config,
    http::Note,
};

/// What all requests of one isolate share.
pub struct Deployment {
    /// The checked configuration.
    pub config: Config,
    /// Where the time comes from.
    pub clock: Rc<dyn Clock>,
    /// What prepares every outbound call.
    pub client: reqwest::Client,
    /// The project's public signing keys.
    pub jwks: JwksCache,
    /// The key that the project's legacy secret is, once a token needed it.
    pub(crate) legacy_key: OnceCell<VerifyingKey>,
}

impl Deployment {
    /// A deployment with nothing cached yet.
    #[must_use]
    pub fn new(config: Config, clock: Rc<dyn Clock>) -> Self {
        Self { config, clock, client: reqwest::Client::new(), jwks: JwksCache::default(), legacy_key: OnceCell::new() }
    }
}

/// One request being served.
pub struct Context {
    /// What all requests share.
    pub deployment: Rc<Deployment>,
    /// Names this request in the answer, in the log, and in calls to Supabase.
    pub request_id: String,
    /// The path of its URL, as it came; [`crate::http::path`] knows what is below a function.
    pub path: String,
    /// The query of its URL, as it came. No handler needs more of the URL; parsing it for every function would cost each 1 KB.
    pub query: String,
    /// Who is calling, once it is known: for the log alone.
    pub caller_id: Cell<Option<Uuid>>,
    /// What the log says of an answer whose status does not tell.
    pub note: Cell<Option<Note>>,
}

impl Context {
    /// A request without a path or a query, of which nothing is known yet but its id.
    #[must_use]
    pub fn new(deployment: Rc<Deployment>, request_id: String) -> Self {
        Self {
            deployment,
            request_id,
            path: String::new(),
            query: String::new(),
            caller_id: Cell::default(),
            note: Cell::default(),
        }
    }

    /// The checked configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.deployment.config
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.deployment.clock
    }
}
