//! The part of `.gitignore` that we use: names and paths, `*` within a name, a last `/` for
//! folders. Lines with `!` or `**` are passed over, so that rather too much is looked at.

/// The rules met so far.
#[derive(Default)]
pub struct Ignore {
    rules: Vec<Rule>,
}

struct Rule {
    /// The folder of the `.gitignore`, with its `/`; empty at the root.
    base: String,
    pattern: String,
    anchored: bool,
    folders_only: bool,
}

impl Ignore {
    /// Learns the lines of the `.gitignore` in a folder.
    pub fn learn(&mut self, folder: &str, text: &str) {
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with(['#', '!']) || line.contains("**") {
                continue;
            }
            let pattern = line.trim_end_matches('/');
            self.rules.push(Rule {
                base: folder.to_owned(),
                pattern: pattern.trim_start_matches('/').to_owned(),
                anchored: pattern.contains('/'),
                folders_only: line.ends_with('/'),
            });
        }
    }

    /// Says whether a rule covers a path.
    pub fn covers(&self, path: &str, is_folder: bool) -> bool {
        self.rules.iter().any(|rule| rule.covers(path, is_folder))
    }
}

impl Rule {
    fn covers(&self, path: &str, is_folder: bool) -> bool {
        let Some(inside) = path.strip_prefix(&self.base) else {
            return false;
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        let subject = if self.anchored { inside } else { name };
        (is_folder || !self.folders_only) && matches(&self.pattern, subject)
    }
}

/// Matches a text; `*` stands for anything but `/`.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(before) else {
        return false;
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let tails = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    tails
        .take_while(|&at| at <= end)
        .any(|at| rest.get(at..).is_some_and(|tail| matches(after, tail)))
}
