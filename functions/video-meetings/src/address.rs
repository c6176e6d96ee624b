//! From where a request comes: what the tries of somebody without an account are counted by.

use std::net::IpAddr;

use http::HeaderName;
use shared::http::Headers;

/// The client's address: the last in the header `said_in`, which is configuration, because no other is the platform's word.
///
/// Cloudflare sets `cf-connecting-ip` itself, and its clients cannot
/// (<https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-connecting-ip>); where it does not stand in front,
/// anybody can. Proxies append to `x-forwarded-for`, so of its entries the first is whatever a client likes, and the last is of the
/// proxy that is nearest: at worst a proxy's own, which counts the tries of all its clients together.
pub(crate) fn client(said_in: &HeaderName, headers: &Headers) -> Option<String> {
    headers.get(said_in)?.rsplit(',').next()?.trim().parse().ok().map(counted)
}

/// An address as it is counted. Of IPv6 that is its first half: a household has all of the second to choose from
/// (RFC 6177, section 2).
fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_of(said_in: &'static str, sent: &[(&str, &str)]) -> Option<String> {
        client(&HeaderName::from_static(said_in), &sent.iter().copied().into())
    }

    #[test]
    fn what_a_client_invents_stands_before_what_the_platform_says() {
        for (sent, expected) in [
            (&[("x-forwarded-for", "192.0.2.1")][..], "192.0.2.1"),
            (&[("x-forwarded-for", "198.51.100.7, 192.0.2.1")], "192.0.2.1"),
            (&[("x-forwarded-for", "198.51.100.7,198.51.100.8 ,192.0.2.1 ")], "192.0.2.1"),
            (&[("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "192.0.2.1")], "192.0.2.1"),
            (&[("x-forwarded-for", "192.0.2.1"), ("cf-connecting-ip", "198.51.100.7")], "192.0.2.1"),
        ] {
            assert_eq!(client_of("x-forwarded-for", sent).unwrap(), expected, "{sent:?}");
        }
        let sent = [("cf-connecting-ip", "192.0.2.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(client_of("cf-connecting-ip", &sent).unwrap(), "192.0.2.1");
    }

    #[test]
    fn what_is_no_address_is_none() {
        for other in ["", "unknown", "192.0.2.1, ", "192.0.2.1, evil", "192.0.2.256", "192.0.2.1 or more"] {
            assert_eq!(client_of("x-forwarded-for", &[("x-forwarded-for", other)]), None, "{other}");
        }
        assert_eq!(
            client_of("x-forwarded-for", &[("x-real-ip", "192.0.2.1"), ("cf-connecting-ip", "192.0.2.1")]),
            None
        );
        assert_eq!(client_of("cf-connecting-ip", &[("x-forwarded-for", "192.0.2.1")]), None);
    }

    #[test]
    fn who_has_many_addresses_has_one() {
        for (address, expected) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(client_of("x-forwarded-for", &[("x-forwarded-for", address)]).unwrap(), expected);
        }
    }
}
