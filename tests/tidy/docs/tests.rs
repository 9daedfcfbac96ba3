//! Dead links and unknown targets are found; addresses, code and variables are not taken for them.

use super::{dead_links, first_target, unknown_targets};
use crate::breach::places;
use crate::sources::Sources;

const MAKEFILE: (&str, &str) = (
    "Makefile",
    "A := b\n.PHONY: help up\nhelp: ## words\n\t@echo a: b\nup down: help\n",
);

#[test]
fn a_link_to_a_missing_file_is_found() {
    let text = "
[a](../README.md#top) [b](./gone.md) ![c](pictures)
[d](https://e.f/g) [h](#here) `[i](j)` [k](crate::L)
```
[m](n)
```
[o]: /services/a/p.md
[q]: r.md";
    let sources = Sources::of(&[
        ("README.md", "[s](services/) [t](../outside)"),
        ("services/a.md", text),
        ("services/pictures/c.svg", ""),
        ("services/a/p.md", ""),
    ]);
    let expected = ["README.md:1", "services/a.md:2", "services/a.md:8"];
    assert_eq!(places(&dead_links(&sources)), expected);
}

#[test]
fn a_target_that_the_makefile_lacks_is_found() {
    let text = "
Run `make up` and `make`, then make sure; `make -j2 up down A=b` too.
Not `make demo`.
```sh
$ A=b make up && make bench
make down    stops all of it
make up # starts
```";
    let sources = Sources::of(&[
        MAKEFILE,
        ("README.md", text),
        ("services/notes.md", "`make x`"),
    ]);
    assert_eq!(
        places(&unknown_targets(&sources)),
        ["README.md:3", "README.md:5"]
    );
}

#[test]
fn a_makefile_that_does_not_open_with_help_is_found() {
    assert!(first_target(&Sources::of(&[MAKEFILE])).is_empty());
    let other = Sources::of(&[("Makefile", "all: help\nhelp:\n")]);
    assert_eq!(places(&first_target(&other)), ["Makefile:1"]);
}
