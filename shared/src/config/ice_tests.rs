use super::*;
use crate::config::Config;

const TWILIO: [(&str, &str); 2] = [("TWILIO_ACCOUNT_SID", "AC1"), ("TWILIO_AUTH_TOKEN", "secret")];
const CLOUDFLARE: [(&str, &str); 2] = [("CLOUDFLARE_TURN_KEY_ID", "k1"), ("CLOUDFLARE_TURN_API_TOKEN", "secret")];
const COTURN: [(&str, &str); 2] = [("TURN_URLS", "turn:turn.example"), ("TURN_SECRET", "secret")];

fn read(variables: &[(&str, &str)]) -> Config {
    let minimum =
        [("SUPABASE_URL", "https://x.supabase.co/"), ("SUPABASE_ANON_KEY", "a"), ("SUPABASE_SECRET_KEY", "s")];
    let all = [variables, &minimum].concat();
    Config::read(|name| all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())).unwrap()
}

fn refusal(variables: &[(&str, &str)]) -> String {
    read(variables).ice.servers().err().unwrap().to_string()
}

#[test]
fn without_any_variable_there_is_stun_and_no_turn() {
    let servers = read(&[]).ice.servers().unwrap();
    assert!(servers.turn.is_none());
    assert_eq!(servers.stun.urls, ["stun:stun.cloudflare.com:3478"]);
    let chosen = read(&[("STUN_URLS", "stun:a.example, stuns:b.example:5349")]).ice.servers().unwrap();
    assert_eq!(chosen.stun.urls, ["stun:a.example", "stuns:b.example:5349"]);
}

#[test]
fn one_turn_service_is_taken_and_two_are_refused() {
    for service in [COTURN, TWILIO, CLOUDFLARE] {
        assert!(read(&service).ice.servers().unwrap().turn.is_some(), "{service:?}");
    }
    for (one, other) in [(COTURN, TWILIO), (TWILIO, CLOUDFLARE), (CLOUDFLARE, COTURN)] {
        let message = refusal(&[one, other].concat());
        assert!(message.ends_with("is not to be set together with another TURN service"), "{message}");
    }
}

#[test]
fn half_a_service_is_refused_and_an_address_alone_is_no_service() {
    for [first, second] in [COTURN, TWILIO, CLOUDFLARE] {
        assert_eq!(refusal(&[first]), format!("the variable {} is not set", second.0));
        assert_eq!(refusal(&[second]), format!("the variable {} is not set", first.0));
    }
    let addresses = [("TWILIO_API_URL", "http://127.0.0.1:1"), ("CLOUDFLARE_TURN_URL", "http://127.0.0.1:1")];
    assert!(read(&addresses).ice.servers().unwrap().turn.is_none());
}

#[test]
fn what_a_browser_cannot_read_is_refused_without_being_repeated() {
    let turn = |url| [("TURN_URLS", url), COTURN[1]];
    for url in [
        "turn:turn.example",
        "turns:turn.example:5349?transport=tcp",
        "turn:192.0.2.1:3478?transport=udp",
        "turn:[2001:db8::1]:3478, turns:turn.example",
    ] {
        assert!(read(&turn(url)).ice.servers().is_ok(), "{url}");
    }
    for url in [
        "secret",
        "stun:secret",
        "turn:",
        "turn:?transport=udp",
        "turn://secret",
        "turn:user@secret",
        "turn:secret:",
        "turn:secret:0",
        "turn:secret:65536",
        "turn:secret:+1",
        "turn:secret/path",
        "turn:secret?transport=tls",
        "turn:secret?",
        "turn:[::secret]",
        "turn:[2001:db8::1",
        "turn:2001:db8::1",
        "TURN:secret",
        "turn:secret,",
        "turn:sec ret",
    ] {
        let message = refusal(&turn(url));
        assert!(message.contains("TURN_URLS") && !message.contains("sec"), "{url}: {message}");
    }
    for url in ["turn:secret", "stun:secret?transport=udp", "stun:", ","] {
        let message = refusal(&[("STUN_URLS", url)]);
        assert!(message.contains("STUN_URLS") && !message.contains("secret"), "{url}: {message}");
    }
}

#[test]
fn an_id_that_would_change_the_url_is_refused() {
    for (name, pair) in [("TWILIO_ACCOUNT_SID", TWILIO), ("CLOUDFLARE_TURN_KEY_ID", CLOUDFLARE)] {
        for id in ["../secret", "secret?", "se cret", "secret#"] {
            let message = refusal(&[(name, id), pair[1]]);
            assert!(message.contains(name) && !message.contains("secret"), "{message}");
        }
    }
    for (name, pair) in [("TWILIO_API_URL", TWILIO), ("CLOUDFLARE_TURN_URL", CLOUDFLARE)] {
        let message = refusal(&[&pair[..], &[(name, "ftp://secret")]].concat());
        assert!(message.contains(name) && !message.contains("secret"), "{message}");
    }
}

#[test]
fn a_ticket_secret_has_at_least_32_characters() {
    const NAME: &str = "ROOM_TICKET_SECRET";
    let secret = "0123456789abcdef0123456789abcdef";
    assert_eq!(read(&[(NAME, secret)]).ice.ticket_secret().unwrap().expose(), secret);
    let short = read(&[(NAME, &secret[1..])]).ice.ticket_secret().err().unwrap().to_string();
    assert!(short.contains(NAME) && !short.contains(&secret[1..]), "{short}");
    assert!(matches!(read(&[]).ice.ticket_secret(), Err(ConfigError::Missing(NAME))));
}
