//! Snapshots as values.

use super::Snapshot;

fn snapshot(text: &str) -> Snapshot {
    text.parse().unwrap()
}

#[test]
fn a_snapshot_is_written_as_it_was_read() {
    for text in ["1:1:", "10:20:10,14,15", "7:9:7", "733:733:"] {
        assert_eq!(snapshot(text).to_string(), text);
    }
}

#[test]
fn what_postgres_never_writes_is_refused() {
    for text in [
        "", "1", "1:1", "0:1:", "2:1:", "1:5:7", "1:9:4,3", "a:1:", "3:5:2",
    ] {
        assert!(text.parse::<Snapshot>().is_err(), "{text}");
    }
}

#[test]
fn it_shows_what_had_ended_and_nothing_else() {
    let snapshot = snapshot("10:20:10,14");
    let shown: Vec<u64> = (8..22).filter(|xid| snapshot.shows(*xid)).collect();
    assert_eq!(shown, [8, 9, 11, 12, 13, 15, 16, 17, 18, 19]);
}

#[test]
fn a_cut_forgets_what_a_crash_could_take_back() {
    let cut = snapshot("10:20:10,14,18").cut(15);
    assert_eq!(cut, snapshot("10:16:10,14"));
    assert_eq!(cut.durable(), 15);
    assert_eq!(snapshot("10:12:10").cut(50), snapshot("10:12:10"));
    assert_eq!(snapshot("5:9:").cut(0), Snapshot::of_nothing());
}
