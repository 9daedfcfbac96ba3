//! The programs are found, are missed with advice, and are brought to where they can be run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::geteuid;

use super::Parts;
use crate::scratch::{NOBODY, Scratch};

#[test]
fn a_missing_program_says_what_to_run() {
    let parts = Parts::at("/nowhere");
    let advice = parts.nats_server().unwrap_err().to_string();
    assert_eq!(
        advice,
        "/nowhere/bin/nats-server is missing: run `make tools`"
    );
    let advice = parts.for_postgres().unwrap_err().to_string();
    assert!(
        advice.ends_with("bin/postgres is missing: run `make tools`"),
        "{advice}"
    );
}

#[test]
fn the_programs_are_the_pinned_ones() {
    let parts = Parts::default();
    let says = |program, option| {
        let output = Command::new(program).arg(option).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let postgres = says(parts.postgres("postgres").unwrap(), "--version");
    assert_eq!(postgres.trim(), "postgres (PostgreSQL) 18.6");
    let nats = says(parts.nats_server().unwrap(), "--version");
    assert_eq!(nats.trim(), "nats-server: v2.15.1");
}

/// Root alone changes users; for everybody else the programs stay where they are.
#[test]
fn programs_below_a_closed_folder_are_copied_for_the_user_of_postgres() {
    let scratch = Scratch::fresh("closed").unwrap();
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let closed = Parts::at(scratch.path().join("servers"));
    Parts::default().copy_to(&closed.folder).unwrap();
    let open = closed.for_postgres().unwrap();
    assert_eq!(open == closed, !geteuid().is_root());
    let mut command = Command::new(open.postgres("initdb").unwrap());
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    assert!(command.arg("--version").status().unwrap().success());
    if geteuid().is_root() {
        fs::remove_dir_all(open.folder).unwrap();
    }
}
