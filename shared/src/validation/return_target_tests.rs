use super::*;

const APP: &str = "cotrainr://video/zoom-connected";

fn targets() -> ReturnTargets {
    ReturnTargets::parse("cotrainr://video/zoom-connected, https://app.example,http://localhost:3000").unwrap()
}

fn outcome(target: &str, status: &str, reason: Option<&str>) -> String {
    ReturnTarget(Url::parse(target).unwrap()).with_outcome(status, reason)
}

#[test]
fn the_first_target_is_the_default() {
    assert_eq!(targets().default_target().as_str(), APP);
    let web = ReturnTargets::parse("https://app.example").unwrap();
    assert_eq!(web.default_target().as_str(), "https://app.example/");
}

#[test]
fn an_app_s_link_is_compared_exactly_and_an_origin_has_any_page() {
    for allowed in [
        APP,
        "https://app.example",
        "https://app.example/",
        "https://app.example/settings/video?tab=zoom#top",
        "https://APP.example:443/x",
        "http://localhost:3000/x",
    ] {
        let found = targets().find(allowed).unwrap_or_else(|| panic!("{allowed}"));
        assert_eq!(targets().find(found.as_str()), Some(found), "a normalised target is the same target");
    }
}

#[test]
fn look_alikes_are_refused() {
    for other in [
        "",
        "/",
        "//app.example/",
        "cotrainr://video/zoom-connected/",
        "cotrainr://video/zoom-connected?x=1",
        "cotrainr://video/zoom-connected#x",
        "cotrainr://video/zoom-connected/../x",
        "cotrainr://video",
        "COTRAINR://video/zoom-connected",
        "cotrainr:video/zoom-connected",
        "cotrainr2://video/zoom-connected",
        "https://video/zoom-connected",
        "http://app.example/",
        "https://app.example:444/",
        "https://app.example./",
        "https://app.example.evil.example/",
        "https://evil.example/app.example",
        "https://evilapp.example/",
        "https://sub.app.example/",
        "https://app.example@evil.example/",
        "https://app.example:x@evil.example/",
        "https://user@app.example/",
        "https://app.example%2eevil.example/",
        "https://app.example%40evil.example/",
        "https://evil.example\\@app.example/",
        "https:\\\\app.example/",
        "https://app.example/\r\nlocation: x",
        "https://app.example/\u{0}",
        "https://app.example/a b",
        " https://app.example/",
        "https://аpp.example/",
        "http://localhost:3001/",
        "http://localhost/",
        "http://localhost.evil.example:3000/",
        "http://127.0.0.1:3000/",
        "https://localhost:3000/",
        "javascript:alert(1)//app.example",
        "data:text/html,https://app.example/",
        "blob:https://app.example/x",
        "ws://app.example/",
    ] {
        assert_eq!(targets().find(other), None, "{other:?}");
    }
    let long = format!("https://app.example/{}", "a".repeat(LONGEST));
    assert_eq!(targets().find(&long), None);
    let growing = format!("https://app.example/{}", "ü".repeat(400));
    assert_eq!(targets().find(&growing), None);
}

#[test]
fn what_is_no_target_is_not_configured() {
    for bad in [
        "",
        ",",
        "cotrainr://video/zoom-connected,",
        "app.example",
        "https://app.example/",
        "https://app.example/path",
        "https://*.example",
        "https://user@app.example",
        "http://app.example",
        "http://10.0.0.1",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "COTRAINR://video",
        "*",
    ] {
        assert!(ReturnTargets::parse(bad).is_none(), "{bad:?}");
    }
    for good in ["com.example.app:/zoom", "http://127.0.0.1:3000", "http://[::1]:8080", "https://app.example:8443"] {
        assert!(ReturnTargets::parse(good).is_some(), "{good}");
    }
}

#[test]
fn the_outcome_joins_what_a_target_already_carries() {
    for (target, expected) in [
        (APP, "cotrainr://video/zoom-connected?status=connected"),
        ("com.example.app:/zoom", "com.example.app:/zoom?status=connected"),
        ("com.example.app:zoom", "com.example.app:zoom?status=connected"),
        ("https://app.example", "https://app.example/?status=connected"),
        ("https://app.example/x?", "https://app.example/x?status=connected"),
        ("https://app.example/x?a=%20b+c&d", "https://app.example/x?a=%20b+c&d&status=connected"),
        ("https://app.example/x?a=1#/route?b=2", "https://app.example/x?a=1&status=connected#/route?b=2"),
        ("https://app.example/#top", "https://app.example/?status=connected#top"),
        ("https://app.example/?status=error&reason=x&a=1", "https://app.example/?a=1&status=connected"),
        ("https://app.example/?stat%75s=error", "https://app.example/?status=connected"),
    ] {
        assert_eq!(outcome(target, "connected", None), expected);
    }
    assert_eq!(
        outcome("https://app.example/?status=connected", "error", Some("code_refused")),
        "https://app.example/?status=error&reason=code_refused"
    );
}
