//! Things that die: parts, the supervisor, and files that lie about them.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use testbed::eventually;

use crate::bed::{Bed, is_alive, signal};

/// Recovery after a kill is the longest of it.
const WITHIN: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_is_killed_is_started_again_and_the_death_is_told() {
    let bed = Bed::fresh();
    bed.up();
    for part in ["postgres", "nats"] {
        let before = bed.pid(part);
        signal(before, "-KILL");
        let is_back = async || {
            let now = bed.part(part);
            now["condition"] == "ready" && now["pid"] != before
        };
        eventually(WITHIN, "it is ready again", is_back)
            .await
            .unwrap();
        let now = bed.part(part);
        assert_eq!(now["restarts"], 1, "{now}");
        assert!(now["note"].as_str().unwrap().contains("signal: 9"), "{now}");
    }
}

#[test]
fn what_a_killed_supervisor_left_is_adopted() {
    let bed = Bed::fresh();
    bed.up();
    let [supervisor, postgres, nats] = ["supervisor", "postgres", "nats"].map(|it| bed.pid(it));
    signal(supervisor, "-KILL");
    let ps = bed.run(&["ps"]);
    assert_eq!(ps.code, 3, "{ps:?}");
    assert_eq!(bed.part("supervisor")["condition"], "down");
    bed.up();
    assert_eq!((bed.pid("postgres"), bed.pid("nats")), (postgres, nats));
    assert_ne!(bed.pid("supervisor"), supervisor);
    assert_eq!(bed.run(&["ps"]).code, 0);
}

#[tokio::test]
async fn what_was_adopted_is_watched_like_a_child() {
    let bed = Bed::fresh();
    bed.up();
    signal(bed.pid("supervisor"), "-KILL");
    bed.up();
    let before = bed.pid("nats");
    signal(before, "-KILL");
    let is_back = async || bed.part("nats")["condition"] == "ready" && bed.pid("nats") != before;
    eventually(WITHIN, "it is ready again", is_back)
        .await
        .unwrap();
}

#[test]
fn down_ends_what_is_left_without_a_supervisor_and_without_files() {
    let bed = Bed::fresh();
    bed.up();
    let pids = ["supervisor", "postgres", "nats"].map(|it| bed.pid(it));
    signal(pids[0], "-KILL");
    std::fs::remove_file(bed.home().join("state.json")).unwrap();
    let down = bed.run(&["down"]);
    assert_eq!(down.code, 0, "{down:?}");
    assert!(pids.iter().all(|it| !is_alive(*it)), "{down:?}");
}

#[test]
fn a_file_that_names_somebody_else_harms_nobody() {
    let bed = Bed::fresh();
    bed.up();
    let mut stranger = Command::new("sleep").arg("600").spawn().unwrap();
    let path = bed.home().join("state.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut state: serde_json::Value = serde_json::from_str(&text).unwrap();
    for part in state["parts"].as_array_mut().unwrap() {
        part["process"] = json!({"pid": stranger.id(), "started": 1});
    }
    signal(bed.pid("supervisor"), "-KILL");
    std::fs::write(&path, state.to_string()).unwrap();
    let down = bed.run(&["down"]);
    assert_eq!(down.code, 0, "{down:?}");
    assert_eq!(stranger.try_wait().unwrap(), None, "it runs still");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn down_ends_one_stack_and_leaves_the_other() {
    let (one, other) = (Bed::fresh(), Bed::fresh());
    one.up();
    other.up();
    let kept = ["supervisor", "postgres", "nats"].map(|it| other.pid(it));
    assert_eq!(one.run(&["down"]).code, 0);
    assert_eq!(
        ["supervisor", "postgres", "nats"].map(|it| other.pid(it)),
        kept
    );
    assert_eq!(other.run(&["ps"]).code, 0);
}

#[test]
fn a_start_that_fails_says_why_and_leaves_nothing() {
    let bed = Bed::fresh();
    std::fs::create_dir_all(bed.home()).unwrap();
    std::fs::write(bed.home().join("nats"), "a file where a folder has to be").unwrap();
    let up = bed.run(&["up"]);
    assert_eq!(up.code, 1, "{up:?}");
    assert!(
        up.output.contains("nats") && up.output.contains("failed:"),
        "{up:?}"
    );
    assert_eq!(bed.run(&["down"]).output.trim(), "nothing runs here");
}
