//! What rules need of a `Cargo.toml`: its name, its dependencies, whether it inherits the lints.

/// One `Cargo.toml`.
#[derive(Debug)]
pub struct Manifest {
    /// Its path.
    pub path: String,
    /// Its folder, with a last `/`; empty for the root.
    pub folder: String,
    /// The name of the package, as code writes it; none in a bare workspace.
    pub package: Option<String>,
    /// All that the package depends on.
    pub dependencies: Vec<Dependency>,
    /// What the workspace offers to depend on.
    pub shared: Vec<Dependency>,
    /// Whether it takes over the lints of the workspace.
    pub inherits_lints: bool,
}

/// One line among the dependencies.
#[derive(Debug)]
pub struct Dependency {
    /// The name that code uses, with `_` for `-`.
    pub name: String,
    /// The name of the package, where it differs.
    pub package: Option<String>,
    /// Whether only tests see it.
    pub dev: bool,
    /// Where it stands.
    pub line: usize,
}

impl Manifest {
    /// Reads the text of a `Cargo.toml`.
    pub fn read(path: &str, text: &str) -> Self {
        let entries = entries(text);
        let value = |section: &str, key: &str| {
            let found = entries
                .iter()
                .find(|it| it.section == section && it.key == key);
            found.map(|it| it.value.trim_matches('"').replace('-', "_"))
        };
        Self {
            path: path.to_owned(),
            folder: path.trim_end_matches("Cargo.toml").to_owned(),
            package: value("package", "name"),
            dependencies: dependencies(&entries, false),
            shared: dependencies(&entries, true),
            inherits_lints: value("lints", "workspace").as_deref() == Some("true"),
        }
    }

    /// Says whether a path lies in the folder of this package.
    pub fn holds(&self, path: &str) -> bool {
        path.starts_with(&self.folder)
    }

    /// Finds a dependency by the name that code uses.
    pub fn dependency(&self, name: &str) -> Option<&Dependency> {
        let found = |dev| {
            self.dependencies
                .iter()
                .find(move |it| it.name == name && it.dev == dev)
        };
        found(false).or_else(|| found(true))
    }
}

impl Dependency {
    /// Returns the name of the package.
    pub fn package(&self) -> &str {
        self.package.as_deref().unwrap_or(&self.name)
    }
}

/// One `key = value`, which may run over several lines.
struct Entry {
    section: String,
    key: String,
    value: String,
    line: usize,
}

impl Entry {
    /// Reads `[dependencies] name = …`, `name.workspace = true` and `[dependencies.name]`.
    fn dependency(&self) -> Option<Dependency> {
        let parts: Vec<&str> = self.section.split('.').collect();
        let is_table = |part: &&&str| part.ends_with("dependencies");
        let table = *parts.iter().rev().take(2).find(is_table)?;
        let name = match parts.last() {
            Some(last) if *last == table => self.key.split('.').next()?,
            Some(last) if self.key == "version" || self.key == "workspace" => last,
            _ => return None,
        };
        let renamed = self
            .value
            .split_once("package = \"")
            .and_then(|(_, it)| it.split('"').next());
        Some(Dependency {
            name: name.trim_matches('"').replace('-', "_"),
            package: renamed.map(|it| it.replace('-', "_")),
            dev: table == "dev-dependencies",
            line: self.line,
        })
    }
}

fn dependencies(entries: &[Entry], of_workspace: bool) -> Vec<Dependency> {
    let wanted = entries
        .iter()
        .filter(|it| it.section.starts_with("workspace.") == of_workspace);
    wanted.filter_map(Entry::dependency).collect()
}

fn entries(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut section = String::new();
    let mut depth = 0;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if depth > 0 {
            entries
                .iter_mut()
                .last()
                .into_iter()
                .for_each(|entry| entry.value.push_str(line));
        } else if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
            continue;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            entries.push(Entry {
                section: section.clone(),
                key: key.trim().to_owned(),
                value: value.trim().to_owned(),
                line: at + 1,
            });
        } else {
            continue;
        }
        depth += balance(line);
    }
    entries
}

/// How many brackets a line opens beyond those it closes.
fn balance(line: &str) -> isize {
    let code = line.split(" #").next().unwrap_or(line);
    let step = |letter| match letter {
        '[' | '{' => 1,
        ']' | '}' => -1,
        _ => 0,
    };
    code.chars().map(step).sum()
}

#[cfg(test)]
mod tests {
    use super::Manifest;

    const TEXT: &str = r#"
[package]
name = "retail-order"

[dependencies]
async-nats = { version = "1", features = [
    "jetstream", # comment = "no"
] }
tokio.workspace = true
wares = { path = "../inventory", package = "inventory" }

[target.'cfg(unix)'.dependencies]
libc = "1"

[dev-dependencies.proptest]
workspace = true
features = ["std"]

[lints]
workspace = true
"#;

    #[test]
    fn names_dependencies_and_lints_are_read() {
        let manifest = Manifest::read("services/order/Cargo.toml", TEXT);
        assert_eq!(manifest.package.as_deref(), Some("retail_order"));
        assert_eq!(manifest.folder, "services/order/");
        assert!(manifest.inherits_lints);
        let found = manifest.dependencies.iter();
        let found: Vec<_> = found.map(|it| (it.package(), it.dev, it.line)).collect();
        let expected = [
            ("async_nats", false, 6),
            ("tokio", false, 9),
            ("inventory", false, 10),
            ("libc", false, 13),
            ("proptest", true, 16),
        ];
        assert_eq!(found, expected);
    }
}
