//! Settings: what is read, what is refused, and that reports hold everything but secrets.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Environment, Mistakes, Profile, Reader, Secret, Setting, Url, read};

#[derive(Debug)]
struct Example {
    hold_ttl: Duration,
    listen: SocketAddr,
    endpoint: Option<Url>,
    batch_max: u32,
    tags: Vec<String>,
    password: Secret<String>,
    profile: Profile,
}

fn example(reader: &mut Reader<'_>) -> Option<Example> {
    let hold_ttl = reader.optional("HOLD_TTL", Duration::from_secs(900));
    let listen = reader.required("LISTEN");
    let endpoint = reader.maybe("ENDPOINT");
    let batch_max = reader.bounded("BATCH_MAX", 1..=512, 256);
    let tags = reader.optional("TAGS", Vec::new());
    let password = reader.required("PASSWORD");
    let profile = Profile::read(reader);
    Some(Example {
        hold_ttl: hold_ttl?,
        listen: listen?,
        endpoint: endpoint?,
        batch_max: batch_max?,
        tags: tags?,
        password: password?,
        profile: profile?,
    })
}

fn with(variables: &[(&str, &str)]) -> Result<Example, Mistakes> {
    read(
        &Environment::from_iter(variables.iter().copied()),
        "STOCK",
        example,
    )
}

fn names(mistakes: &Mistakes) -> Vec<&str> {
    mistakes.list().iter().map(|it| it.name.as_str()).collect()
}

const ENOUGH: [(&str, &str); 2] = [("STOCK_LISTEN", "127.0.0.1:80"), ("STOCK_PASSWORD", "hush")];

#[test]
fn what_is_not_said_has_its_default() {
    let settings = with(&ENOUGH).unwrap();
    assert_eq!(settings.hold_ttl, Duration::from_secs(900));
    assert_eq!((settings.batch_max, settings.endpoint), (256, None));
    assert_eq!(settings.profile, Profile::Production);
    assert!(settings.tags.is_empty());
}

#[test]
fn what_is_said_is_read() {
    let said = [
        ("STOCK_HOLD_TTL", "250ms"),
        ("STOCK_ENDPOINT", "http://localhost:17417"),
        ("STOCK_TAGS", "a, b"),
        ("RETAIL_PROFILE", "dev"),
        ("OTHER_HOLD_TTL", "not ours"),
    ];
    let settings = with(&[&said[..], &ENOUGH].concat()).unwrap();
    assert_eq!(settings.hold_ttl, Duration::from_millis(250));
    assert_eq!(settings.endpoint.unwrap().port(), Some(17_417));
    assert_eq!(settings.tags, ["a", "b"]);
    assert_eq!(settings.profile, Profile::Development);
    assert_eq!(settings.listen.port(), 80);
    assert_eq!(settings.password.expose(), "hush");
}

#[test]
fn all_mistakes_are_reported_together_and_say_what_is_expected() {
    let mistakes = with(&[
        ("STOCK_HOLD_TTL", "15 minutes"),
        ("STOCK_LISTEN", "here"),
        ("STOCK_BATCH_MAX", "513"),
        ("STOCK_TAGS", "a,,b"),
        ("STOCK_HOLDTTL", "15m"),
        ("RETAIL_PROFILE", "test"),
    ])
    .unwrap_err();
    let expected = [
        "RETAIL_PROFILE",
        "STOCK_BATCH_MAX",
        "STOCK_HOLDTTL",
        "STOCK_HOLD_TTL",
        "STOCK_LISTEN",
        "STOCK_PASSWORD",
        "STOCK_TAGS",
    ];
    assert_eq!(names(&mistakes), expected);
    let text = mistakes.to_string();
    assert!(text.contains("\"15 minutes\" is not valid; must be a duration such as 250ms"));
    assert!(text.contains("one of dev, prod"), "{text}");
    assert!(text.contains("STOCK_HOLDTTL: is not a setting"));
    assert!(text.contains("must be from 1 to 512"));
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let mistakes = with(&[("STOCK_LISTEN", ""), ("STOCK_PASSWORD", "")]).unwrap_err();
    assert_eq!(names(&mistakes), ["STOCK_LISTEN", "STOCK_PASSWORD"]);
}

#[test]
fn no_report_and_no_print_holds_a_secret() {
    let secrets = [
        ("STOCK_PASSWORD", "hush"),
        ("STOCK_ENDPOINT", "user:hush@no-scheme"),
        ("STOCK_PASSWROD", "hush"),
    ];
    let environment = Environment::from_iter(secrets);
    let mistakes = with(&secrets).unwrap_err();
    let settings = with(&[&ENOUGH[..], &[("STOCK_ENDPOINT", "http://u:hush@h:1/hush")]].concat());
    for text in [
        mistakes.to_string(),
        format!("{mistakes:?} {environment:?}"),
        format!("{:?}", settings.unwrap()),
        Secret::new("hush".to_owned()).to_string(),
    ] {
        assert!(!text.contains("hush"), "{text}");
    }
}

#[test]
fn durations_have_one_unit_and_never_overflow() {
    let read = <Duration as Setting>::parse;
    let good = [
        ("0ms", 0),
        ("30s", 30_000),
        ("15m", 900_000),
        ("7d", 604_800_000),
    ];
    for (text, milliseconds) in good {
        assert_eq!(
            read(text),
            Some(Duration::from_millis(milliseconds)),
            "{text}"
        );
    }
    for text in [
        "15",
        "m",
        "-1s",
        "1.5h",
        "1h30m",
        "15 m",
        "99999999999999999999s",
        "9999999999999999d",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn a_url_has_scheme_and_host() {
    for text in ["localhost:4317", "/path", "http://", "http//x"] {
        assert_eq!(Url::parse(text), None, "{text}");
    }
}

#[test]
fn dev_listens_on_loopback_only() {
    let open: SocketAddr = "0.0.0.0:1".parse().unwrap();
    let local: SocketAddr = "[::1]:1".parse().unwrap();
    assert!(!Profile::Development.may_listen(open) && Profile::Development.may_listen(local));
    assert!(Profile::Production.may_listen(open));
}

#[test]
fn the_mistakes_of_two_parts_join() {
    let other = read(&Environment::default(), "OTHER", |it| {
        it.required::<bool>("FLAG")
    });
    let joined = with(&[]).unwrap_err().join(other.unwrap_err());
    assert_eq!(
        names(&joined),
        ["OTHER_FLAG", "STOCK_LISTEN", "STOCK_PASSWORD"]
    );
}
