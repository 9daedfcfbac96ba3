//! Which files belong to the repository: those that git tracks or does not ignore.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::ignore::Ignore;

/// Lists the files under a folder, by paths from it. Without git, or outside a clone, it walks.
pub fn paths(root: &Path) -> Result<Vec<String>> {
    let listed = if root.join(".git").exists() {
        ask_git(root).ok()
    } else {
        None
    };
    match listed {
        Some(paths) => Ok(paths),
        None => walked(root),
    }
}

fn ask_git(root: &Path) -> Result<Vec<String>> {
    let mut git = Command::new("git");
    // A hook of git names its own repository in the environment; only `root` counts here.
    git.env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE");
    git.arg("-C").arg(root);
    git.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let answer = git.output().context("git")?;
    ensure!(
        answer.status.success(),
        "git: {}",
        String::from_utf8_lossy(&answer.stderr)
    );
    let text = String::from_utf8(answer.stdout)?;
    let paths = text.split('\0').filter(|path| root.join(path).is_file());
    Ok(paths.map(str::to_owned).collect())
}

/// Walks the folders, leaving out what the `.gitignore` files on the way name.
pub fn walked(root: &Path) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut ignore = Ignore::default();
    walk(root, "", &mut ignore, &mut paths)?;
    Ok(paths)
}

fn walk(root: &Path, folder: &str, ignore: &mut Ignore, paths: &mut Vec<String>) -> Result<()> {
    let here = root.join(folder);
    if let Ok(text) = std::fs::read_to_string(here.join(".gitignore")) {
        ignore.learn(folder, &text);
    }
    for entry in std::fs::read_dir(&here).with_context(|| here.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name();
        let path = format!("{folder}{}", name.to_string_lossy());
        let is_folder = entry.file_type()?.is_dir();
        if name == ".git" || ignore.covers(&path, is_folder) {
            continue;
        }
        if is_folder {
            walk(root, &format!("{path}/"), ignore, paths)?;
        } else if entry.path().is_file() {
            paths.push(path);
        }
    }
    Ok(())
}
