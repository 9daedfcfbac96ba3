//! What tidy looks at: every file of the repository, read once, and each Rust file parsed once.
//!
//! **Invariant:** a rule reads `Sources` and nothing else, so that a test can hand it a small tree.

use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Context, Result, anyhow};

use crate::breach::Breach;
use crate::manifest::Manifest;
use crate::rust::Rust;

mod ignore;
mod listing;
#[cfg(test)]
mod tests;

/// What the generator writes: no rule of style holds there.
const GENERATED: &[&str] = &["gen/src/generated.rs", "gen/src/generated/"];

/// The files of one tree.
pub struct Sources {
    /// Every file, sorted by path.
    pub files: Vec<Source>,
    /// Every `Cargo.toml`.
    pub manifests: Vec<Manifest>,
}

/// One file.
pub struct Source {
    /// Its path from the root, with `/` between folders.
    pub path: String,
    /// Its text; empty if the bytes are no text.
    pub text: String,
    /// The language it is written in.
    pub kind: Kind,
    /// What the parser found, in Rust that is written by hand.
    pub rust: Option<Rust>,
    /// Whether nothing of it is in the product.
    pub test: bool,
}

/// The languages that rules tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rust,
    Proto,
    Python,
    Shell,
    Sql,
    Toml,
    Yaml,
    Makefile,
    Dockerfile,
    Markdown,
    Other,
}

/// Returns the files of this repository, read at the first call.
pub fn of_this_repository() -> Result<&'static Sources> {
    static SOURCES: LazyLock<Result<Sources, String>> =
        LazyLock::new(|| Sources::load(&mesh::root()).map_err(|error| format!("{error:#}")));
    SOURCES.as_ref().map_err(|error| anyhow!("{error}"))
}

impl Sources {
    /// Reads the tree under a folder.
    pub fn load(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for path in listing::paths(root)? {
            let bytes = std::fs::read(root.join(&path)).with_context(|| path.clone())?;
            let text = String::from_utf8(bytes).unwrap_or_default();
            files.push(Source::new(&path, &text));
        }
        Ok(Self::new(files))
    }

    /// Makes a tree of paths and texts.
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self::new(
            files
                .iter()
                .map(|(path, text)| Source::new(path, text))
                .collect(),
        )
    }

    fn new(mut files: Vec<Source>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        mark_tests(&mut files);
        let manifests = files.iter().filter(|it| it.name() == "Cargo.toml");
        let manifests = manifests
            .map(|it| Manifest::read(&it.path, &it.text))
            .collect();
        Self { files, manifests }
    }

    /// Returns the files that people write.
    pub fn by_hand(&self) -> impl Iterator<Item = &Source> {
        self.files
            .iter()
            .filter(|source| !is_generated(&source.path))
    }

    /// Returns the Rust files that people write, with what the parser found.
    pub fn rust(&self) -> impl Iterator<Item = (&Source, &Rust)> {
        self.files
            .iter()
            .filter_map(|source| Some((source, source.rust.as_ref()?)))
    }

    /// Returns the file of a path.
    pub fn file(&self, path: &str) -> Option<&Source> {
        let at = self
            .files
            .binary_search_by(|source| source.path.as_str().cmp(path))
            .ok()?;
        self.files.get(at)
    }

    /// Says whether a path is a file, or a folder with a file in it.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.file(path).is_some() || self.files.iter().any(|it| it.path.starts_with(&folder))
    }

    /// Returns the crate that a file belongs to.
    pub fn manifest_of(&self, path: &str) -> Option<&Manifest> {
        let owners = self
            .manifests
            .iter()
            .filter(|it| it.package.is_some() && it.holds(path));
        owners.max_by_key(|it| it.folder.len())
    }
}

impl Source {
    /// Reads one file.
    pub fn new(path: &str, text: &str) -> Self {
        let kind = Kind::of(path, text);
        let by_hand = kind == Kind::Rust && !is_generated(path);
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            kind,
            rust: by_hand.then(|| Rust::read(text)),
            test: is_test(path),
        }
    }

    /// Returns the last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Returns the lines with their numbers.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(at, text)| (at + 1, text))
    }

    /// Makes a breach in this file.
    pub fn breach(&self, line: usize, message: impl Into<String>) -> Breach {
        Breach::new(&self.path, line, message)
    }
}

impl Kind {
    fn of(path: &str, text: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension {
            _ if name == "Dockerfile" || name.starts_with("Dockerfile.") => Self::Dockerfile,
            _ if name == "Makefile" => Self::Makefile,
            "rs" => Self::Rust,
            "proto" => Self::Proto,
            "py" => Self::Python,
            "sh" => Self::Shell,
            "sql" => Self::Sql,
            "toml" => Self::Toml,
            "yaml" | "yml" => Self::Yaml,
            "md" => Self::Markdown,
            _ => Self::of_script(text),
        }
    }

    /// Knows a script without an ending by the interpreter it asks for.
    fn of_script(text: &str) -> Self {
        let first = text.lines().next().filter(|line| line.starts_with("#!"));
        match first {
            Some(line) if line.contains("python") => Self::Python,
            Some(line) if line.split_whitespace().any(|word| word.ends_with("sh")) => Self::Shell,
            _ => Self::Other,
        }
    }
}

fn is_generated(path: &str) -> bool {
    GENERATED.iter().any(|folder| path.starts_with(folder))
}

/// Says whether a path is one of tests: `tests.rs`, or anything in a folder `tests`.
fn is_test(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "tests" || part == "tests.rs")
}

/// Marks the files of modules that are declared `#[cfg(test)]`, and all under them.
fn mark_tests(files: &mut [Source]) {
    let mut stems = Vec::new();
    for source in files.iter() {
        let declared = source.rust.iter().flat_map(|rust| &rust.test_modules);
        stems
            .extend(declared.map(|module| format!("{}{module}", folder_of_children(&source.path))));
    }
    for source in files.iter_mut() {
        source.test |= stems.iter().any(|stem| {
            let rest = source.path.strip_prefix(stem.as_str());
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        });
    }
}

/// The folder, with its `/`, in which the files of a module's children lie.
fn folder_of_children(path: &str) -> String {
    let stem = path.trim_end_matches(".rs");
    let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    match name {
        "lib" | "main" if folder.is_empty() => String::new(),
        "lib" | "main" => format!("{folder}/"),
        _ => format!("{stem}/"),
    }
}
