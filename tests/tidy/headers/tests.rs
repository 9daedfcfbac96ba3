//! Files without a header are found, in each language.

use super::{headless, too_long};
use crate::breach::places;
use crate::sources::Sources;

#[test]
fn a_file_without_a_header_is_found() {
    let sources = Sources::of(&[
        ("a.rs", "use b;\n//! Late."),
        ("b.rs", "//!\n\nfn c() {}"),
        ("c.py", "#!/usr/bin/env python3\nimport d"),
        ("d.sh", "#!/bin/sh\nset -e"),
        ("e.sql", "CREATE TABLE f ();"),
        ("f.yaml", "version: v2"),
        ("Makefile", "help:"),
        ("Dockerfile", "# syntax=docker/dockerfile:1\nFROM scratch"),
        ("g.rs", ""),
    ]);
    let found = places(&headless(&sources));
    let expected = [
        "Dockerfile",
        "Makefile",
        "a.rs",
        "b.rs",
        "c.py",
        "d.sh",
        "e.sql",
        "f.yaml",
        "g.rs",
    ];
    assert_eq!(found, expected.map(|path| format!("{path}:1")));
}

#[test]
fn a_file_with_a_header_passes() {
    let sources = Sources::of(&[
        ("a.rs", "//! Words.\n"),
        ("b.rs", "#![doc = include_str!(\"../README.md\")]\n"),
        ("c.py", "#!/usr/bin/env python3\n\"\"\"Words.\"\"\""),
        ("d.py", "\"\"\"\nWords.\n\"\"\""),
        ("e.sh", "#!/bin/sh\n# Words."),
        ("f.sql", "-- Words."),
        ("g.yaml", "---\n# Words."),
        ("templates/h.yaml", "{{- /* Words. */ -}}"),
        ("Dockerfile", "# syntax=docker/dockerfile:1\n# Words."),
        ("gen/src/generated/a.rs", "mod a;"),
        ("i.toml", "[a]"),
    ]);
    assert_eq!(places(&headless(&sources)), Vec::<String>::new());
}

#[test]
fn an_eleventh_line_of_header_is_found() {
    let lines = |number| "//! Words.\n".repeat(number);
    let sources = Sources::of(&[("a.rs", &lines(10)), ("b.rs", &lines(11))]);
    assert_eq!(places(&too_long(&sources)), ["b.rs:11"]);
}
