use super::*;

fn parse(link: &str) -> Result<JoinUrl, JoinUrlError> {
    JoinUrl::parse(link, "video.clinic.example")
}

#[test]
fn the_provider_is_recognised_by_its_host() {
    for (link, provider) in [
        ("https://zoom.us/j/123456789?pwd=abc", Provider::Zoom),
        ("https://us02web.zoom.us/j/12345678901", Provider::Zoom),
        ("https://ZOOM.us/my/coach.anna", Provider::Zoom),
        ("https://app.zoomgov.com/wc/1234567890/join", Provider::Zoom),
        ("https://meet.google.com/abc-defg-hij", Provider::Meet),
        ("https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%7d", Provider::Teams),
        ("https://teams.live.com/meet/9312345?p=abc", Provider::Teams),
        ("https://meet.jit.si/KneeRehab", Provider::Jitsi),
        ("https://8x8.vc/vpaas-magic-cookie-1/room", Provider::Jitsi),
        ("https://video.clinic.example/room", Provider::Jitsi),
        ("https://whereby.com/anna", Provider::Manual),
        ("https://whereby.com/kozak?kozak=1", Provider::Manual),
    ] {
        assert_eq!(parse(link).unwrap().provider(), provider, "{link}");
    }
}

#[test]
fn a_look_alike_is_never_taken_for_a_provider() {
    for link in [
        "https://zoom.us.evil.example/j/123456789",
        "https://evilzoom.us/j/123456789",
        "https://zoom.us.co/j/123456789",
        "https://zoom.us:8443/j/123456789",
        "https://evil.example/zoom.us/j/123456789",
        "https://evil.example/?x=zoom.us/j/123456789",
        "https://meet.google.com.evil.example/abc-defg-hij",
        "https://xn--zom-jra.us/j/123456789",
    ] {
        assert_eq!(parse(link).unwrap().provider(), Provider::Manual, "{link}");
    }
}

#[test]
fn links_for_the_host_are_refused() {
    for link in [
        "https://zoom.us/s/123456789?zak=eyJ",
        "https://zoom.us/s/123456789",
        "https://zoom.us/wc/123456789/start",
        "https://zoom.us/j/123456789?pwd=a&zak=eyJ",
        "https://zoom.us/j/123456789?ZAK=eyJ",
        "https://zoom.us/j/123456789?%7Aak=eyJ",
        "https://zoom.us/j/123456789#zak=eyJ",
        "https://zoom.us/j/123456789#%7Aak=eyJ",
        "https://zoom.us/j/123456789;zak=eyJ",
        "https://evil.example/?zak=eyJ",
    ] {
        assert_eq!(parse(link), Err(JoinUrlError::HostLink), "{link}");
    }
}

#[test]
fn a_providers_other_pages_are_not_join_links() {
    for link in [
        "https://zoom.us/",
        "https://zoom.us/profile",
        "https://zoom.us/my/..%2fs%2f123456789",
        "https://zoom.us/j/12345",
        "https://zoom.us/j/abcdefghi",
        "https://meet.google.com/",
        "https://meet.google.com/landing",
        "https://teams.microsoft.com/v2/",
        "https://meet.jit.si/",
        "https://8x8.vc/room",
    ] {
        assert_eq!(parse(link), Err(JoinUrlError::NotAJoinLink), "{link}");
    }
}

#[test]
fn what_a_browser_should_not_open_is_refused() {
    for (link, reason) in [
        ("http://zoom.us/j/123456789", JoinUrlError::NotHttps),
        ("zoommtg://zoom.us/join?confno=1", JoinUrlError::NotHttps),
        ("javascript:alert(1)", JoinUrlError::NotHttps),
        ("zoom.us/j/123456789", JoinUrlError::NotHttps),
        ("", JoinUrlError::NotHttps),
        ("https://zoom.us@evil.example/j/123456789", JoinUrlError::UserInfo),
        ("https://a:b@zoom.us/j/123456789", JoinUrlError::UserInfo),
        ("https://127.0.0.1/room", JoinUrlError::Host),
        ("https://2130706433/room", JoinUrlError::Host),
        ("https://[::1]/room", JoinUrlError::Host),
        ("https://localhost/room", JoinUrlError::Host),
        ("https://zoom.us./j/123456789", JoinUrlError::Host),
        ("https://zoom.us/j/1234\n56789", JoinUrlError::Characters),
        ("https://zoom.us/j/123456789\u{0}", JoinUrlError::Characters),
        ("https://zoom.us/j/12345 6789", JoinUrlError::Characters),
        ("https:\\\\zoom.us\\@evil.example/", JoinUrlError::Characters),
    ] {
        assert_eq!(parse(link), Err(reason), "{link:?}");
    }
    assert_eq!(parse(&format!("https://a.example/{}", "x".repeat(2048))), Err(JoinUrlError::TooLong));
}

#[test]
fn a_host_that_is_not_ascii_is_refused() {
    assert!(parse("https://z\u{43e}\u{43e}m.us/j/123456789").is_err());
}

#[test]
fn a_jitsi_token_is_removed_and_the_rest_kept() {
    let url = |link| parse(link).unwrap().as_str().to_owned();
    assert_eq!(url("https://meet.jit.si/Room?jwt=eyJ.a.b"), "https://meet.jit.si/Room");
    assert_eq!(
        url("https://meet.jit.si/Room?lang=de&JWT=eyJ#config.x=1"),
        "https://meet.jit.si/Room?lang=de#config.x=1"
    );
}

#[test]
fn only_zooms_own_hosts_lead_to_zoom() {
    assert!(leads_to_zoom("https://us05web.zoom.us/s/99012345678?zak=x"));
    for elsewhere in [
        "javascript:alert(1)",
        "http://zoom.us/s/99012345678",
        "https://zoom.us.evil.example/s/99012345678",
        "https://evilzoom.us/s/99012345678",
        "https://zoom.us:8443/s/99012345678",
        "https://zoom.us@evil.example/s/99012345678",
        "https://user@zoom.us/s/99012345678",
    ] {
        assert!(!leads_to_zoom(elsewhere), "{elsewhere}");
    }
}
