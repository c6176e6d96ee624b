use super::ConfigError;
use crate::{
    crypto::{Rs256Key, Secret},
    providers::jitsi::{JAAS_DOMAIN, JitsiServer, PUBLIC_DOMAIN},
};

/// A server of one's own, and then `JaaS`.
const VARIABLES: [&str; 5] = ["JITSI_APP_ID", "JITSI_APP_SECRET", "JAAS_APP_ID", "JAAS_KEY_ID", "JAAS_PRIVATE_KEY"];

/// What is configured for Jitsi's tokens, as it came: only functions that sign them read it.
pub(super) struct JitsiVariables([Option<String>; 5]);

impl JitsiVariables {
    pub(super) fn read(variable: &impl Fn(&str) -> Option<String>) -> Self {
        Self(VARIABLES.map(variable))
    }

    /// The server that lets in by tokens, if there is one. `domain` is `JITSI_DOMAIN`.
    pub(super) fn server(&self, domain: &str) -> Result<Option<JitsiServer>, ConfigError> {
        let [app_id, app_secret, jaas_app_id, key_id, private_key] = self.0.each_ref().map(Option::as_deref);
        let is_self_hosted = app_id.or(app_secret).is_some();
        let is_jaas = jaas_app_id.or(key_id).or(private_key).is_some();
        match (is_self_hosted, is_jaas) {
            (false, false) => Ok(None),
            (true, false) => self_hosted(domain, app_id, app_secret).map(Some),
            (false, true) => jaas(jaas_app_id, key_id, private_key).map(Some),
            (true, true) => Err(ConfigError::Invalid("JAAS_APP_ID", "to be set beside JITSI_APP_ID")),
        }
    }
}

fn self_hosted(domain: &str, app_id: Option<&str>, app_secret: Option<&str>) -> Result<JitsiServer, ConfigError> {
    if [PUBLIC_DOMAIN, JAAS_DOMAIN].contains(&domain) {
        return Err(ConfigError::Invalid(
            "JITSI_DOMAIN",
            "the host name of a server of your own, as JITSI_APP_ID needs",
        ));
    }
    Ok(JitsiServer::SelfHosted {
        domain: domain.to_owned(),
        app_id: app_id.ok_or(ConfigError::Missing("JITSI_APP_ID"))?.to_owned(),
        app_secret: Secret::new(app_secret.ok_or(ConfigError::Missing("JITSI_APP_SECRET"))?),
    })
}

fn jaas(app_id: Option<&str>, key_id: Option<&str>, private_key: Option<&str>) -> Result<JitsiServer, ConfigError> {
    let private_key = private_key.ok_or(ConfigError::Missing("JAAS_PRIVATE_KEY"))?;
    Ok(JitsiServer::Jaas {
        app_id: identifier("JAAS_APP_ID", app_id)?,
        key_id: identifier("JAAS_KEY_ID", key_id)?,
        private_key: Rs256Key::parse(private_key).ok_or(ConfigError::Invalid(
            "JAAS_PRIVATE_KEY",
            "an RSA key in PKCS#8 PEM (-----BEGIN PRIVATE KEY-----)",
        ))?,
    })
}

/// Both stand in a path. `JaaS` shows the key's id behind the `AppID` and a slash.
fn identifier(name: &'static str, value: Option<&str>) -> Result<String, ConfigError> {
    let value = value.ok_or(ConfigError::Missing(name))?;
    if value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        Ok(value.to_owned())
    } else {
        Err(ConfigError::Invalid(name, "made of letters, digits, hyphens and underscores alone"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::rs256_key_pair;

    const OWN: [(&str, &str); 2] = [("JITSI_APP_ID", "convene"), ("JITSI_APP_SECRET", "secret")];

    fn server(domain: &str, variables: &[(&str, &str)]) -> Result<Option<JitsiServer>, String> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        JitsiVariables::read(&variable).server(domain).map_err(|error| error.to_string())
    }

    #[test]
    fn there_is_a_server_of_one_s_own_or_jaas_or_none() {
        let (pem, _) = rs256_key_pair();
        let jaas = [("JAAS_APP_ID", "vpaas-magic-cookie-1"), ("JAAS_KEY_ID", "4f4910"), ("JAAS_PRIVATE_KEY", &pem)];
        assert!(server("meet.jit.si", &[]).unwrap().is_none());
        let own = server("meet.example", &OWN).unwrap();
        assert!(matches!(own, Some(JitsiServer::SelfHosted { domain, app_id, app_secret })
                if domain == "meet.example" && app_id == "convene" && app_secret.matches("secret")));
        let hosted = server("meet.jit.si", &jaas).unwrap();
        assert!(matches!(hosted, Some(JitsiServer::Jaas { app_id, key_id, .. })
            if app_id == "vpaas-magic-cookie-1" && key_id == "4f4910"));
        assert!(server("meet.example", &[&OWN[..], &jaas].concat()).err().unwrap().contains("JAAS_APP_ID"));
    }

    #[test]
    fn what_is_missing_or_unusable_is_named_without_its_value() {
        let (pem, _) = rs256_key_pair();
        let jaas = [("JAAS_APP_ID", "secret"), ("JAAS_KEY_ID", "secret"), ("JAAS_PRIVATE_KEY", &pem)];
        let without = |name: &str| jaas.into_iter().filter(|(known, _)| *known != name).collect::<Vec<_>>();
        let with = |name, value| [&without(name)[..], &[(name, value)]].concat();
        for (domain, variables, name) in [
            ("meet.example", OWN[..1].to_vec(), "JITSI_APP_SECRET"),
            ("meet.example", OWN[1..].to_vec(), "JITSI_APP_ID"),
            ("meet.jit.si", OWN.to_vec(), "JITSI_DOMAIN"),
            ("8x8.vc", OWN.to_vec(), "JITSI_DOMAIN"),
            ("meet.jit.si", without("JAAS_APP_ID"), "JAAS_APP_ID"),
            ("meet.jit.si", without("JAAS_KEY_ID"), "JAAS_KEY_ID"),
            ("meet.jit.si", without("JAAS_PRIVATE_KEY"), "JAAS_PRIVATE_KEY"),
            ("meet.jit.si", with("JAAS_APP_ID", "secret/secret"), "JAAS_APP_ID"),
            ("meet.jit.si", with("JAAS_KEY_ID", "secret/4f4910"), "JAAS_KEY_ID"),
            ("meet.jit.si", with("JAAS_PRIVATE_KEY", "secret"), "JAAS_PRIVATE_KEY"),
        ] {
            let message = server(domain, &variables).err().unwrap();
            assert!(message.contains(name) && !message.contains("secret"), "{name}: {message}");
        }
    }
}
