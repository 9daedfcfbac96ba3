//! Tokens: what was sealed is opened, for nobody else, and never for a later place.

use chassis::fault::Kind;
use vocab::{Id, PageKey, PageKeys};

use super::{Sealer, Token};
use crate::log::{Place, Snapshot};

fn sealer(rpc: &'static str) -> Sealer {
    let keys = PageKeys::new(PageKey::new([7; 32]), None);
    Sealer::new(keys, Id::at(1, [1; 10]), rpc, b"filter".to_vec())
}

fn token(snapshot: Snapshot) -> Token {
    Token {
        place: Place {
            cluster: "7561874418562436.16391".to_owned(),
            timeline: 1,
            history: 2,
        },
        snapshot,
        within: None,
    }
}

#[test]
fn what_was_sealed_is_opened() {
    let whole = token("733:760:733,750,751".parse().unwrap());
    let within = Token {
        within: Some(("700:733:".parse().unwrap(), 4_711)),
        ..whole.clone()
    };
    for token in [whole, within] {
        let text = sealer("Watch").seal(&token).unwrap();
        assert_eq!(sealer("Watch").open(&text).unwrap(), token);
    }
}

#[test]
fn a_token_of_another_watch_or_with_a_changed_letter_is_refused() {
    let text = sealer("Watch")
        .seal(&token(Snapshot::of_nothing()))
        .unwrap();
    let refused = sealer("Other").open(&text).unwrap_err();
    assert_eq!(refused.kind(), Kind::Invalid);
    let changed = format!("A{}", &text[1..]);
    assert_eq!(
        sealer("Watch").open(&changed).unwrap_err().kind(),
        Kind::Invalid
    );
}

#[test]
fn a_token_that_would_be_too_long_names_an_earlier_place() {
    let open: Vec<u64> = (0..400).map(|at| 1_000 + at * 1_000).collect();
    let long = token(Snapshot::new(900_000, open));
    let text = sealer("Watch").seal(&long).unwrap();
    let opened = sealer("Watch").open(&text).unwrap();
    assert!(opened.snapshot.behind() < long.snapshot.behind());
    for xid in (1..900_000).step_by(250) {
        let shown = opened.snapshot.shows(xid);
        assert!(
            !shown || long.snapshot.shows(xid),
            "{xid} would be left out"
        );
    }
}
