//! What stops a start is named, all of it at once, with the command that mends it.

use std::net::TcpListener;
use std::path::Path;

use crate::bed::{Bed, RETAIL, ran};

#[test]
fn a_taken_port_is_named_with_its_holder_and_a_way_out() {
    let bed = Bed::fresh();
    let port = bed.port(32);
    let holder = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let up = bed.run(&["up"]);
    assert_eq!(up.code, 2, "{up:?}");
    let line = up
        .output
        .lines()
        .find(|it| it.contains(&port.to_string()))
        .unwrap();
    assert!(
        line.contains(&format!("(pid {})", std::process::id())),
        "{line}"
    );
    assert!(
        line.contains("RETAIL_PORT_BASE=") && line.contains("make up"),
        "{line}"
    );
    drop(holder);
    bed.up();
}

#[test]
fn all_findings_come_together() {
    let bed = Bed::fresh();
    let holders = [22, 32].map(|it| TcpListener::bind(("127.0.0.1", bed.port(it))).unwrap());
    let mut command = bed.command(Path::new(RETAIL));
    let doctor = ran(command.arg("doctor").env("RETAIL_SERVERS", "nowhere"));
    assert_eq!(doctor.code, 2, "{doctor:?}");
    let about = |word: &str| doctor.output.lines().filter(|it| it.contains(word)).count();
    assert_eq!(
        (about("make tools"), about("is taken by")),
        (2, 2),
        "{doctor:?}"
    );
    drop(holders);
}

#[test]
fn a_sound_machine_is_called_so_and_nothing_is_changed() {
    let bed = Bed::fresh();
    let doctor = bed.run(&["doctor"]);
    assert_eq!(doctor.code, 0, "{doctor:?}");
    assert!(!bed.home().exists());
    bed.up();
    let running = bed.run(&["doctor"]);
    assert_eq!(running.code, 0, "its own ports are no finding: {running:?}");
}

#[test]
fn wrong_settings_are_told_apart_from_a_bad_machine() {
    let bed = Bed::fresh();
    let mut command = bed.command(Path::new(RETAIL));
    let up = ran(command.arg("up").env("RETAIL_PORT_BASE", "many"));
    assert_eq!(up.code, 64, "{up:?}");
    assert!(up.errors.contains("RETAIL_PORT_BASE"), "{up:?}");
}
