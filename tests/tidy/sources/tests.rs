//! The tree is listed, told apart and read as it should be.

use std::fs;
use std::path::Path;

use super::ignore::Ignore;
use super::{Kind, Source, Sources, listing};

#[test]
fn ignored_paths_are_known_by_name_place_and_kind() {
    let mut ignore = Ignore::default();
    ignore.learn("", "/target/\n*.pyc\n# words\n!kept\n");
    ignore.learn("gen/go/", "/out\nbuild/\n");
    assert!(ignore.covers("target", true));
    assert!(!ignore.covers("target", false) && !ignore.covers("gen/target", true));
    assert!(ignore.covers("a/b.pyc", false) && !ignore.covers("a/b.py", false));
    assert!(ignore.covers("gen/go/out", false) && !ignore.covers("out", false));
    assert!(ignore.covers("gen/go/deep/build", true) && !ignore.covers("kept", false));
}

#[test]
fn a_walk_leaves_out_what_is_ignored() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("walk");
    let files = [
        "a/b.rs",
        "a/out/c.rs",
        "target/d",
        ".git/e",
        ".gitignore",
        "a/.gitignore",
    ];
    for file in files.map(|file| root.join(file)) {
        fs::create_dir_all(file.parent().unwrap_or(&root))?;
        fs::write(file, "/target/\nout/\n")?;
    }
    let mut paths = listing::walked(&root)?;
    paths.sort();
    assert_eq!(paths, [".gitignore", "a/.gitignore", "a/b.rs"]);
    Ok(())
}

#[test]
fn languages_are_known_by_name_ending_or_interpreter() {
    let kind = |path, text| Source::new(path, text).kind;
    assert_eq!(kind("deploy/Dockerfile", ""), Kind::Dockerfile);
    assert_eq!(kind(".ci/run", "#!/usr/bin/env bash -e\n"), Kind::Shell);
    assert_eq!(kind("run", "#!/usr/bin/env python3\n"), Kind::Python);
    assert_eq!(kind("Cargo.lock", "# no script"), Kind::Other);
}

#[test]
fn a_module_declared_for_tests_is_test_code_with_all_under_it() {
    let sources = Sources::of(&[
        ("a/src/lib.rs", "#[cfg(test)]\nmod seeded;\nmod real;"),
        ("a/src/seeded.rs", ""),
        ("a/src/seeded/deep.rs", ""),
        ("a/src/real.rs", "#[cfg(all(test, unix))] mod inner;"),
        ("a/src/real/inner.rs", ""),
    ]);
    let tests = sources.files.iter().filter(|source| source.test);
    let tests: Vec<&str> = tests.map(|source| source.path.as_str()).collect();
    assert_eq!(
        tests,
        [
            "a/src/real/inner.rs",
            "a/src/seeded.rs",
            "a/src/seeded/deep.rs"
        ]
    );
}

#[test]
fn generated_code_is_not_parsed() {
    let sources = Sources::of(&[("gen/src/generated/a.rs", "mod a;"), ("gen/src/b.rs", "")]);
    assert_eq!(sources.rust().count(), 1);
    assert_eq!(sources.by_hand().count(), 1);
}
