//! A good token that is shown in a way that is not ours, or none at all.

use super::{AUTHORIZATION, Forged, Shown};

/// Headers without exactly one bearer token in its place.
pub(super) fn all(good: &str) -> Vec<Forged> {
    let one = |name: &str, value: String| of(name, vec![(AUTHORIZATION, value)]);
    let elsewhere = |header: &'static str| {
        let name = format!("a token in {header}");
        of(&name, vec![(header, format!("Bearer {good}"))])
    };
    let bearer = || format!("Bearer {good}");
    let mut all = vec![
        of("nothing at all", Vec::new()),
        of(
            "one token twice",
            vec![(AUTHORIZATION, bearer()), (AUTHORIZATION, bearer())],
        ),
        of(
            "a token behind an empty one",
            vec![
                (AUTHORIZATION, "Bearer ".to_owned()),
                (AUTHORIZATION, bearer()),
            ],
        ),
        of(
            "a token before a password",
            vec![
                (AUTHORIZATION, bearer()),
                (AUTHORIZATION, "Basic YWRtaW46YWRtaW4=".to_owned()),
            ],
        ),
        one("a token without a scheme", good.to_owned()),
        one("a token as a password", format!("Basic {good}")),
        one("a token of another scheme", format!("Token {good}")),
        one("a token behind a tab", format!("Bearer\t{good}")),
        one("a scheme without a token", "Bearer".to_owned()),
        one("a password", "Basic YWRtaW46YWRtaW4=".to_owned()),
        one("an empty header", String::new()),
    ];
    let headers = [
        "proxy-authorization",
        "x-forwarded-authorization",
        "x-access-token",
        "grpc-metadata-authorization",
        "cookie",
        "authorization-bin",
    ];
    all.extend(headers.map(elsewhere));
    all.push(Forged {
        name: "bytes that are no text".to_owned(),
        shown: Shown::Headers(vec![(
            AUTHORIZATION,
            [b"Bearer \xff\xfe".as_slice(), good.as_bytes()].concat(),
        )]),
    });
    all
}

fn of(name: &str, headers: Vec<(&'static str, String)>) -> Forged {
    let headers = headers.into_iter();
    Forged {
        name: name.to_owned(),
        shown: Shown::Headers(headers.map(|(name, it)| (name, it.into_bytes())).collect()),
    }
}
