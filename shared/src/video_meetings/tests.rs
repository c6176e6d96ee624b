use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, from_value, json};

use super::*;

fn id(text: &str) -> Option<MeetingId> {
    text.to_owned().try_into().ok()
}

fn passcode(text: &str) -> Option<MeetingPasscode> {
    text.to_owned().try_into().ok()
}

/// The text with the character at `at` (counted around) replaced.
fn replaced(text: &str, at: usize, by: char) -> String {
    let at = at % text.len();
    text.chars().enumerate().map(|(place, character)| if place == at { by } else { character }).collect()
}

/// Pearson's statistic for how often each of `alphabet` was drawn against all being equally likely.
fn chi_square(alphabet: &str, drawn: impl Iterator<Item = char>) -> f64 {
    let mut counts = vec![0_u32; alphabet.len()];
    for character in drawn {
        counts[alphabet.find(character).unwrap()] += 1;
    }
    let expected = f64::from(counts.iter().sum::<u32>()) / f64::from(u32::try_from(alphabet.len()).unwrap());
    counts.into_iter().map(|count| (f64::from(count) - expected).powi(2) / expected).sum()
}

#[test]
fn a_million_ids_are_a_million_different_ids() {
    let ids: HashSet<MeetingId> = (0..1_000_000).map(|_| MeetingId::generate().unwrap()).collect();
    assert_eq!(ids.len(), 1_000_000);
    assert!(ids.iter().all(|generated| id(generated.as_str()).as_ref() == Some(generated)));
}

/// Taking bytes modulo 10 or 36 would give about 200 at each place. Chance exceeds the bounds once in 10^8 runs.
#[test]
fn every_character_is_equally_likely_at_every_place() {
    let passcodes: Vec<MeetingPasscode> = (0..600_000).map(|_| MeetingPasscode::generate().unwrap()).collect();
    for place in 0..6 {
        let drawn = passcodes.iter().map(|passcode| char::from(passcode.expose().as_bytes()[place]));
        let statistic = chi_square("0123456789", drawn);
        assert!(statistic < 60.0, "digit {place}: {statistic}");
    }
    let ids: Vec<MeetingId> = (0..100_000).map(|_| MeetingId::generate().unwrap()).collect();
    for place in 4..20 {
        let drawn = ids.iter().map(|id| char::from(id.as_str().as_bytes()[place]));
        let statistic = chi_square("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", drawn);
        assert!(statistic < 120.0, "character {place}: {statistic}");
    }
}

#[test]
fn session_ids_are_random_uuids_of_version_4() {
    let (first, second) = (new_session_id().unwrap(), new_session_id().unwrap());
    assert_ne!(first, second);
    assert_eq!((first.get_version_num(), first.get_variant()), (4, uuid::Variant::RFC4122));
    assert_eq!(first.to_string().parse(), Ok(first));
}

#[test]
fn a_passcode_never_shows_in_debug() {
    let shown = format!("{:?}", passcode("123456").unwrap());
    assert!(!shown.contains("123456"), "{shown}");
}

#[test]
fn credentials_count_in_the_fragment_alone_and_once() {
    let (good, page) = ("meetingId=MID-0123456789ABCDEF&passcode=012345", "https://app.example/join");
    assert!(read_meeting_url(&format!("{page}#{good}")).is_some());
    assert!(read_meeting_url(&format!("{page}#lang=de&{good}&x")).is_some());
    for other in [
        page,
        good,
        &format!("{page}?{good}"),
        &format!("{page}?{good}#"),
        &format!("{page}#{good}&passcode=012345"),
        &format!("{page}#{good}&meetingId=MID-0123456789ABCDEF"),
        &format!("{page}?passcode=012345#meetingId=MID-0123456789ABCDEF"),
        &format!("{page}#meetingid=MID-0123456789ABCDEF&passcode=012345"),
        &format!("{page}#meetingId=&passcode="),
    ] {
        assert!(read_meeting_url(other).is_none(), "{other}");
    }
}

#[test]
fn a_status_is_named_as_in_the_database() {
    for (name, status) in [
        ("pending", MeetingStatus::Pending),
        ("active", MeetingStatus::Active),
        ("completed", MeetingStatus::Completed),
        ("cancelled", MeetingStatus::Cancelled),
    ] {
        assert_eq!(from_value::<MeetingStatus>(json!(name)).unwrap(), status);
    }
}

proptest! {
    #[test]
    fn an_id_is_itself_after_json(text in "MID-[A-Z0-9]{16}") {
        let read: MeetingId = from_value(json!(text)).unwrap();
        assert_eq!(read.as_str(), &text);
        assert_eq!(json!(read), json!(text));
    }

    #[test]
    fn what_is_no_id_is_refused(
        good in "MID-[A-Z0-9]{16}", at in 0..20_usize, odd in "[^A-Z0-9-]", more in ".+", anything in ".*",
    ) {
        assert!(id(&replaced(&good, at, odd.chars().next().unwrap())).is_none());
        assert!(id(&replaced(&good, at.max(4), '-')).is_none());
        assert!(id(&good[..at]).is_none() && id(&good.to_lowercase()).is_none());
        assert!(id(&format!("{good}{more}")).is_none() && id(&format!("{more}{good}")).is_none());
        assert!(id(&anything).is_none());
    }

    #[test]
    fn a_passcode_is_six_digits(text in "[0-9]{6}") {
        let read: MeetingPasscode = from_value(json!(text)).unwrap();
        assert_eq!(read.expose(), &text);
    }

    #[test]
    fn what_is_no_passcode_is_refused(
        good in "[0-9]{6}", at in 0..6_usize, odd in "[^0-9]", more in ".+", number in any::<u32>(),
    ) {
        assert!(passcode(&replaced(&good, at, odd.chars().next().unwrap())).is_none());
        assert!(passcode(&good[..at]).is_none());
        assert!(passcode(&format!("{good}{more}")).is_none() && passcode(&format!("{more}{good}")).is_none());
        assert!(from_value::<MeetingPasscode>(json!(number)).is_err(), "a number has lost its zeros");
        assert!(from_value::<MeetingPasscode>(Value::Null).is_err());
    }

    #[test]
    fn a_link_gives_back_what_it_was_made_of_and_sends_none_of_it(
        base in "(https://app\\.example|http://localhost:3000|tutoring:/)(/[a-z%0-9]{0,8}){0,3}(\\?[a-z=&%0-9]{0,12})?(#[a-zA-Z=&#0-9]{0,12})?",
        id_text in "MID-[A-Z0-9]{16}",
        digits in "[0-9]{6}",
    ) {
        let url = meeting_url(&base, &id(&id_text).unwrap(), &passcode(&digits).unwrap());
        let (read_id, read_passcode) = read_meeting_url(&url).unwrap();
        assert_eq!((read_id.as_str(), read_passcode.expose()), (id_text.as_str(), digits.as_str()));
        let page = base.split('#').next().unwrap();
        assert_eq!(url.split('#').next().unwrap(), page);
        let parsed = url::Url::parse(&url).unwrap();
        assert_eq!(parsed.fragment(), Some(format!("meetingId={id_text}&passcode={digits}").as_str()));
    }

    #[test]
    fn nonsense_is_no_link(anything in ".*", fragment in "[a-zA-Z0-9=&%+#-]{0,60}") {
        assert!(read_meeting_url(&anything).is_none());
        assert!(read_meeting_url(&format!("https://app.example/#{fragment}")).is_none());
    }

    #[test]
    fn a_meeting_opens_a_quarter_of_an_hour_before_its_start_and_closes_with_its_end(
        start in 0..4_000_000_000_i64, lasts in 1..86_400_i64, since_opening in -100_000..200_000_i64,
    ) {
        let start = DateTime::from_timestamp(start, 0).unwrap();
        let (opens_at, end) = (start - TimeDelta::minutes(15), start + TimeDelta::seconds(lasts));
        let now = opens_at + TimeDelta::seconds(since_opening);
        for status in [MeetingStatus::Pending, MeetingStatus::Active] {
            let at = |now: DateTime<Utc>| accessibility(now, start, end, status);
            let expected = if since_opening < 0 {
                Accessibility::TooEarly { opens_at }
            } else if since_opening <= 900 + lasts {
                Accessibility::Accessible
            } else {
                Accessibility::Over
            };
            assert_eq!(at(now), expected);
            assert_eq!(at(opens_at), Accessibility::Accessible);
            assert_eq!(at(opens_at - TimeDelta::nanoseconds(1)), Accessibility::TooEarly { opens_at });
            assert_eq!(at(end - TimeDelta::nanoseconds(1)), Accessibility::Accessible);
            assert_eq!(at(end), Accessibility::Over);
        }
        assert_eq!(accessibility(now, start, end, MeetingStatus::Completed), Accessibility::Over);
        assert_eq!(accessibility(now, start, end, MeetingStatus::Cancelled), Accessibility::Cancelled);
    }
}

#[test]
fn times_at_the_edges_of_time_are_no_fault() {
    let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    assert_eq!(accessibility(first, first, last, MeetingStatus::Pending), Accessibility::Accessible);
    assert_eq!(accessibility(last, first, last, MeetingStatus::Active), Accessibility::Over);
}
