//! What every Convene function stands on: who is calling, what they may send, how an answer or an error looks,
//! and how Supabase and the video providers are called.
//!
//! Only [`edge`] names `worker` types here. Everything else builds natively too, and takes the time from a [`clock::Clock`].

pub mod auth;
pub mod clock;
pub mod config;
pub mod context;
pub mod crypto;
pub mod edge;
pub mod entrance;
pub mod http;
pub mod providers;
pub mod supabase;
#[cfg(all(any(test, feature = "testing"), not(target_arch = "wasm32")))]
pub mod testing;
pub mod validation;
pub mod video_meetings;
