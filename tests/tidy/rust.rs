//! What rules need of a Rust file, as plain data: syntax trees cannot be shared between tests.

mod attributes;
mod reader;
#[cfg(test)]
mod tests;
mod tokens;

/// The facts of one Rust file.
#[derive(Debug, Default)]
pub struct Rust {
    /// Where and why the parser gave up.
    pub broken: Option<(usize, String)>,
    /// Every function that has a body.
    pub functions: Vec<Function>,
    /// Everything that is given a name.
    pub names: Vec<Name>,
    /// Every path of two parts or more, and everything imported.
    pub paths: Vec<Path>,
    /// What imports call the things they import.
    pub imports: Vec<Import>,
    /// Every attribute that silences lints.
    pub silenced: Vec<Silenced>,
    /// Child files that are declared `#[cfg(test)]`.
    pub test_modules: Vec<String>,
}

/// A function with a body.
#[derive(Debug, Default)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`.
    pub line: usize,
    /// Its lines from `fn` to the last brace.
    pub lines: usize,
    /// Its parameters, `self` not counted.
    pub parameters: usize,
    /// The modules around it within the file.
    pub modules: Vec<String>,
    /// Whether only tests see it.
    pub in_test: bool,
    /// Whether it is itself a test.
    pub is_test: bool,
}

/// A name that the file gives.
#[derive(Debug)]
pub struct Name {
    /// What is named.
    pub what: What,
    /// The name.
    pub name: String,
    /// Where.
    pub line: usize,
    /// Whether anything outside the module can see it.
    pub public: bool,
    /// Whether the trait of somebody else chose it.
    pub given: bool,
}

/// What a name is given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A module, in the file or in one of its own.
    Module,
    /// A struct, enum, union, trait or alias.
    Type,
    /// A function or method.
    Function,
    /// A field of a struct or variant.
    Field,
    /// A variant of an enum.
    Variant,
}

/// A path in code, in an attribute or within a macro.
#[derive(Debug)]
pub struct Path {
    /// Its parts; the last one of an import may be `*`.
    pub parts: Vec<String>,
    /// The modules around it within the file.
    pub modules: Vec<String>,
    /// Where.
    pub line: usize,
    /// Whether only tests see it.
    pub in_test: bool,
}

/// What an import brings in.
#[derive(Debug)]
pub struct Import {
    /// The name it has here.
    pub name: String,
    /// The whole path.
    pub parts: Vec<String>,
}

/// An `allow` or `expect`.
#[derive(Debug)]
pub struct Silenced {
    /// The lints, with their tool.
    pub lints: Vec<String>,
    /// Whether it says why.
    pub reasoned: bool,
    /// Where.
    pub line: usize,
    /// Whether only tests see it.
    pub in_test: bool,
}

impl Rust {
    /// Reads a file.
    pub fn read(text: &str) -> Self {
        match syn::parse_file(text) {
            Ok(file) => reader::read(&file),
            Err(error) => Self {
                broken: Some((error.span().start().line, error.to_string())),
                ..Self::default()
            },
        }
    }

    /// Returns the whole path behind a path, as far as the imports of the file tell.
    pub fn whole(&self, path: &Path) -> Vec<String> {
        let first = path.parts.first();
        let import = self
            .imports
            .iter()
            .find(|import| Some(&import.name) == first);
        match import {
            Some(import) => {
                let rest = path.parts.iter().skip(1);
                import.parts.iter().chain(rest).cloned().collect()
            }
            None => path.parts.clone(),
        }
    }
}

impl Path {
    /// Returns the path from the root of the crate, if it stays within it; `file` are the modules
    /// of the file.
    pub fn within_crate(&self, file: &[String]) -> Option<Vec<String>> {
        let mut base: Vec<String> = file.iter().chain(&self.modules).cloned().collect();
        let mut parts = self.parts.iter().map(String::as_str).peekable();
        match parts.next()? {
            "crate" => base.clear(),
            "self" => (),
            "super" => {
                base.pop();
            }
            _ => return None,
        }
        while parts.next_if_eq(&"super").is_some() {
            base.pop();
        }
        base.extend(parts.map(str::to_owned));
        Some(base)
    }
}
