//! What `make gen`, `make lint`, `make golden` and `make surface-accept` call:
//! `generator [write | lint [context…] | surface | surface-add | surface-accept RECORD | golden |
//! third-party]`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use generator::schema::{Schema, collect_protos, compile_third_party, third_party_image};
use generator::{code, golden, lint, surface};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("generator: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<ExitCode> {
    let root = root();
    match words.first().map(String::as_str) {
        None | Some("write") => {
            let schema = Schema::compile(&root)?;
            code::write(&root, &schema, &Schema::compile_probe(&root)?)?;
        }
        Some("lint") => return lint_contexts(&root, words.get(1..).unwrap_or_default()),
        Some("surface") => say(surface::text(&Schema::compile(&root)?).trim_end()),
        Some("surface-add") => surface::add(&root, &Schema::compile(&root)?)?,
        Some("surface-accept") => {
            let decision = words.get(1).map(String::as_str).unwrap_or_default();
            surface::accept(&root, decision, &Schema::compile(&root)?)?;
        }
        Some("golden") => {
            let written = golden::write_missing(&root, &Schema::compile(&root)?)?;
            say(&format!("{written} new golden events"));
        }
        Some("third-party") => {
            let image = compile_third_party(&root.join("third_party"))?;
            std::fs::write(third_party_image(&root), image)?;
        }
        Some(other) => anyhow::bail!("{other} is no command; see the head of main.rs"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Judges all contexts, or only those named.
fn lint_contexts(root: &Path, contexts: &[String]) -> Result<ExitCode> {
    let schema = if contexts.is_empty() {
        Schema::compile(root)?
    } else {
        let mut files = Vec::new();
        for context in contexts {
            collect_protos(&root.join("proto"), &context_folder(context), &mut files)?;
        }
        Schema::compile_files(root, &files, &[])?
    };
    let findings = lint::findings(&schema);
    findings
        .iter()
        .for_each(|finding| say(&finding.to_string()));
    Ok(if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn context_folder(context: &str) -> PathBuf {
    Path::new("retail").join(context).join("v1")
}

/// The workspace, two folders above this crate. Cargo is asked: checkouts may share one build.
fn root() -> PathBuf {
    let built = env!("CARGO_MANIFEST_DIR").into();
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or(built));
    here.ancestors().nth(2).unwrap_or(&here).to_path_buf()
}

fn say(text: &str) {
    // Nothing can be done when standard output is gone.
    drop(writeln!(std::io::stdout(), "{text}").context("standard output"));
}
