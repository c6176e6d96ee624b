//! Where in a function a request leads. Text is cut, and no URL parsed: the parser would cost every function 1 KB.

/// The path and the query of an absolute URL (RFC 3986, section 3), as they came.
pub(crate) fn of_url(url: &str) -> (&str, &str) {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    // The third slash ends `https://host`.
    let path = address.match_indices('/').nth(2).map_or("/", |(at, _)| &address[at..]);
    (path, query)
}

/// The segments of `path` below the function, as they came, nothing decoded; empty ones are left out.
///
/// Supabase serves a function at `/functions/v1/<name>` and tells it `/<name>`, `scripts/dev` tells it all of that, and so does a
/// route at Cloudflare; at a Worker's own address its name is in the host alone.
#[must_use]
pub fn segments_below<'a>(function: &str, path: &'a str) -> Vec<&'a str> {
    let all: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let segments = all.strip_prefix(&["functions", "v1"]).unwrap_or(&all);
    match segments {
        [name, below @ ..] if *name == function => below.to_vec(),
        _ => segments.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_falls_into_path_and_query_as_they_came() {
        for (url, parts) in [
            ("https://x.example/functions/v1/f/a%2Fb?c=d?e", ("/functions/v1/f/a%2Fb", "c=d?e")),
            ("http://127.0.0.1:54321/f/?", ("/f/", "")),
            ("https://x.example/", ("/", "")),
            ("https://x.example", ("/", "")),
            ("https://x.example?a=/b/c", ("/", "a=/b/c")),
        ] {
            assert_eq!(of_url(url), parts, "{url}");
        }
    }

    #[test]
    fn what_is_below_a_function_is_the_same_wherever_it_is_served() {
        for prefix in ["/functions/v1/video-meetings", "/video-meetings", ""] {
            let below = |rest: &str| segments_below("video-meetings", &format!("{prefix}{rest}")).join(" ");
            assert_eq!(below(""), "");
            assert_eq!(below("/"), "");
            assert_eq!(below("/meetings/MID-1/join"), "meetings MID-1 join");
            assert_eq!(below("//meetings/"), "meetings");
            assert_eq!(below("/meetings/%2e%2e/a%2Fb"), "meetings %2e%2e a%2Fb");
        }
    }

    #[test]
    fn nothing_but_the_function_s_own_name_is_taken_away_and_only_once() {
        let below = |path| segments_below("video-meetings", path).join(" ");
        assert_eq!(below("/video-meetings/video-meetings"), "video-meetings");
        assert_eq!(below("/video-meetings-2/meetings"), "video-meetings-2 meetings");
        assert_eq!(below("/functions/v2/video-meetings"), "functions v2 video-meetings");
    }
}
