//! Root and ordinary users, open folders and closed ones.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use crate::bed::{Bed, RETAIL, ran};

const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The user of a process.
fn user_of(pid: u32) -> u32 {
    fs::metadata(format!("/proc/{pid}")).unwrap().uid()
}

#[test]
fn postgres_never_runs_as_root() {
    let bed = Bed::fresh();
    bed.up();
    let expected = if is_root() {
        NOBODY
    } else {
        user_of(std::process::id())
    };
    assert_eq!(user_of(bed.pid("postgres")), expected);
    assert_eq!(user_of(bed.pid("nats")), user_of(std::process::id()));
}

#[test]
fn below_a_closed_folder_the_data_of_root_lies_where_postgres_can_go() {
    if !is_root() {
        println!("skipped: only root has another user for Postgres");
        return;
    }
    let closed = std::env::temp_dir().join(format!("retail-closed-{}", std::process::id()));
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let bed = Bed::below(&closed);
    let up = bed.up();
    let line = up
        .output
        .lines()
        .find(|it| it.contains("data in /"))
        .unwrap();
    let place = line
        .split("data in ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    let place = PathBuf::from(place);
    assert!(place.join("data/PG_VERSION").exists(), "{up:?}");
    assert!(!place.starts_with(&closed));
    drop(bed);
    fs::remove_dir_all(&closed).unwrap();
    fs::remove_dir_all(&place).unwrap();
}

/// A copy of the binary that everybody can start, where this one lies behind a closed folder.
fn open_binary(folder: &Path) -> PathBuf {
    let copy = folder.join("retail");
    fs::copy(RETAIL, &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    copy
}

fn is_open(path: &Path) -> bool {
    let open = |it: &Path| {
        it.metadata()
            .is_ok_and(|it| it.permissions().mode() & 0o001 != 0)
    };
    path.canonicalize().is_ok_and(|it| it.ancestors().all(open))
}

#[test]
fn an_ordinary_user_needs_no_rights() {
    let servers = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let servers = servers.join("../../.tools/servers");
    if !is_root() || !is_open(&servers) || !is_open(&std::env::temp_dir()) {
        println!("skipped: every other test runs as an ordinary user, or none reaches the servers");
        return;
    }
    let folder = std::env::temp_dir().join(format!("retail-user-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
    let bed = Bed::below(&folder);
    let binary = open_binary(&folder);
    let run = |argument: &str| {
        let mut command = bed.command(Path::new("setpriv"));
        let nobody = NOBODY.to_string();
        command.args(["--reuid", &nobody, "--regid", &nobody, "--clear-groups"]);
        ran(command.arg(&binary).arg(argument).current_dir(&folder))
    };
    let up = run("up");
    assert_eq!(up.code, 0, "{up:?}");
    assert!(!up.output.contains("runs as nobody"), "{up:?}");
    assert_eq!(run("ps").code, 0);
    let down = run("down");
    assert_eq!(down.code, 0, "{down:?}");
    drop(bed);
    fs::remove_dir_all(&folder).unwrap();
}
