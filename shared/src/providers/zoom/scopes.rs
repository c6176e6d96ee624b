/// What the project does at Zoom, each with the scopes that allow it: the classic one, or the granular one. The `:admin` scopes,
/// which reach beyond the user's own meetings, are never asked for and do not count.
const NEEDS: [[&str; 2]; 7] = [
    ["meeting:write", "meeting:write:meeting"],
    ["meeting:write", "meeting:update:meeting"],
    ["meeting:write", "meeting:delete:meeting"],
    ["meeting:write", "meeting:update:status"],
    ["meeting:read", "meeting:read:meeting"],
    ["meeting:read", "meeting:read:list_meetings"],
    ["user:read", "user:read:user"],
];

/// Whether `granted`, separated by spaces as in a token answer (RFC 6749, section 3.3), allows everything that the project does.
#[must_use]
pub fn allow_everything(granted: &str) -> bool {
    NEEDS.iter().all(|either| granted.split_ascii_whitespace().any(|scope| either.contains(&scope)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSIC: &str = "meeting:read meeting:write user:read";
    const GRANULAR: &str = "meeting:write:meeting meeting:update:meeting meeting:update:status meeting:delete:meeting \
         meeting:read:meeting meeting:read:list_meetings user:read:user";

    #[test]
    fn either_family_and_a_mixture_will_do() {
        assert!(allow_everything(CLASSIC));
        assert!(allow_everything(GRANULAR));
        assert!(allow_everything(&format!("{CLASSIC} {GRANULAR} recording:read")));
        assert!(allow_everything("meeting:write user:read:user meeting:read:meeting meeting:read:list_meetings"));
    }

    #[test]
    fn each_need_counts() {
        for all in [CLASSIC, GRANULAR] {
            for missing in all.split(' ').filter(|scope| !scope.is_empty()) {
                let rest: Vec<&str> = all.split_whitespace().filter(|scope| *scope != missing).collect();
                assert!(!allow_everything(&rest.join(" ")), "{missing}");
            }
        }
    }

    #[test]
    fn look_alikes_and_admin_scopes_do_not_count() {
        for granted in [
            "",
            "meeting:read:admin meeting:write:admin user:read:admin",
            "meeting:read,meeting:write,user:read",
            "MEETING:READ MEETING:WRITE USER:READ",
            "meeting:read meeting:write user:read:admin",
            "xmeeting:read meeting:write user:read",
        ] {
            assert!(!allow_everything(granted), "{granted}");
        }
    }
}
