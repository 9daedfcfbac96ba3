//! A path of one machine is found; words that only look like it are not.

use super::machine_paths;
use crate::breach::places;
use crate::sources::Sources;

#[test]
fn a_path_of_one_machine_is_found() {
    let text = [
        "cd /home/me/main",
        "GET https://a.b/home/c",
        "services/home/a",
        "\"/home/me/x\"",
        "$HOME/home/a",
        "**/home/b",
    ];
    let sources = Sources::of(&[
        ("a.sh", &text.join("\n")),
        ("b.md", "`/tmp/c`"),
        ("c.py", "open('/tmp/c')"),
        ("Dockerfile", "COPY a /home/b"),
    ]);
    assert_eq!(
        places(&machine_paths(&sources)),
        ["a.sh:1", "a.sh:4", "b.md:1"]
    );
}
