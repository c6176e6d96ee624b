//! The keys that apps call with when nobody is signed in.

use serde_json::{Map, Value};

use super::PUBLISHABLE_KEY_VARIABLES;

/// Every publishable key that this deployment was told of, as it was told: only functions for guests read them.
pub struct PublishableKeys([Option<String>; 3]);

impl PublishableKeys {
    pub(super) fn read(variable: &impl Fn(&str) -> Option<String>) -> Self {
        Self(PUBLISHABLE_KEY_VARIABLES.map(variable))
    }

    /// Whether apps call with this key when nobody is signed in.
    #[must_use]
    pub fn contain(&self, key: &str) -> bool {
        let Self([single, hosted, legacy]) = self;
        // An app may have been given another of the named keys than the one that the functions use.
        let named: Value = hosted.as_deref().and_then(|keys| serde_json::from_str(keys).ok()).unwrap_or_default();
        let mut named = named.as_object().into_iter().flat_map(Map::values);
        [single, legacy].into_iter().flatten().any(|known| known == key) || named.any(|known| known == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosted_project_s_keys_are_known_under_every_name() {
        let keys = PublishableKeys::read(&|name| match name {
            "SUPABASE_PUBLISHABLE_KEYS" => {
                Some(r#"{"default":"sb_publishable_1","app":"sb_publishable_2"}"#.to_owned())
            }
            "SUPABASE_ANON_KEY" => Some("eyJ.anon.key".to_owned()),
            _ => None,
        });
        for known in ["sb_publishable_1", "sb_publishable_2", "eyJ.anon.key"] {
            assert!(keys.contain(known), "{known}");
        }
        for other in ["", "default", "sb_publishable_", "sb_publishable_3", "eyJ.anon", "{"] {
            assert!(!keys.contain(other), "{other}");
        }
    }
}
