//! Compiles `proto/` without protoc, buf or a network.
//!
//! Imports of other projects come from one committed image, so a fresh clone needs nothing else.
//! Options survive only as bytes (prost drops extensions), therefore the bytes are what is kept.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor, MethodDescriptor};
use protox::Compiler;
use protox::file::{
    ChainFileResolver, DescriptorSetFileResolver, File, FileResolver, GoogleFileResolver,
    IncludeFileResolver,
};

/// The root package of every contract.
pub const ROOT_PACKAGE: &str = "retail.";

/// Files that reflection must offer although no proto of ours imports them.
const ALSO_SERVED: [&str; 3] = [
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
    "grpc/health/v1/health.proto",
];

/// Where the probe lies, apart from the contracts.
const PROBE_FOLDER: &str = "tests/contract/probe";
const PROBE: &str = "retail/probe/v1/probe.proto";

/// Every contract, compiled.
pub struct Schema {
    /// The complete image: imports, options and comments.
    pub image: Vec<u8>,
    /// The same as descriptors.
    pub pool: DescriptorPool,
}

impl Schema {
    /// Compiles all protos below `root/proto`.
    pub fn compile(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect_protos(&root.join("proto"), Path::new(""), &mut files)?;
        Self::compile_files(root, &files, &ALSO_SERVED)
    }

    /// Compiles the probe: a proto below `tests` that uses every kind of rule we can express.
    pub fn compile_probe(root: &Path) -> Result<Self> {
        Self::compile_files(root, &[PROBE.into()], &[])
    }

    /// Compiles the named files, and further ones that are imported by none of them.
    pub fn compile_files(root: &Path, files: &[PathBuf], further: &[&str]) -> Result<Self> {
        let mut compiler = Compiler::with_file_resolver(resolver(root)?);
        compiler.include_imports(true).include_source_info(true);
        for file in files {
            compiler.open_file(file)?;
        }
        for file in further {
            compiler.open_file(file)?;
        }
        Self::decode(compiler.encode_file_descriptor_set())
    }

    /// Compiles one file that lies nowhere, among the contracts.
    pub fn compile_text(root: &Path, name: &str, text: &str) -> Result<Self> {
        let mut compiler = Compiler::with_file_resolver(TextFirst {
            file: File::from_source(name, text)?,
            others: resolver(root)?,
        });
        compiler
            .include_imports(true)
            .include_source_info(true)
            .open_file(name)?;
        Self::decode(compiler.encode_file_descriptor_set())
    }

    fn decode(image: Vec<u8>) -> Result<Self> {
        let pool = DescriptorPool::decode(image.as_slice())?;
        Ok(Self { image, pool })
    }

    /// The files that we wrote, sorted by name.
    pub fn own_files(&self) -> Vec<FileDescriptor> {
        let mut files: Vec<_> = self
            .pool
            .files()
            .filter(|file| is_own(file.package_name()))
            .collect();
        files.sort_by(|a, b| a.name().cmp(b.name()));
        files
    }

    /// The messages that we wrote, nested ones too, map entries left out.
    pub fn own_messages(&self) -> Vec<MessageDescriptor> {
        self.pool
            .all_messages()
            .filter(|message| is_own(message.package_name()) && !message.is_map_entry())
            .collect()
    }

    /// The rpcs that we wrote.
    pub fn own_methods(&self) -> Vec<MethodDescriptor> {
        self.pool
            .services()
            .filter(|service| is_own(service.package_name()))
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .collect()
    }
}

/// Finds protos: ours, the probe, then those of the committed third-party image.
fn resolver(root: &Path) -> Result<ChainFileResolver> {
    let image = third_party_image(root);
    let known =
        std::fs::read(&image).with_context(|| format!("cannot read {}", image.display()))?;
    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new(root.join("proto")));
    resolver.add(IncludeFileResolver::new(root.join(PROBE_FOLDER)));
    resolver.add(DescriptorSetFileResolver::decode(known.as_slice())?);
    resolver.add(GoogleFileResolver::new());
    Ok(resolver)
}

/// Answers with one given file, and asks others for the rest.
struct TextFirst {
    file: File,
    others: ChainFileResolver,
}

impl FileResolver for TextFirst {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == self.file.name() {
            Ok(self.file.clone())
        } else {
            self.others.open_file(name)
        }
    }
}

/// Whether a package is ours.
pub fn is_own(package: &str) -> bool {
    package.starts_with(ROOT_PACKAGE)
}

/// Where the committed image of third-party protos lies.
pub fn third_party_image(root: &Path) -> PathBuf {
    root.join("gen/image/third_party.binpb")
}

/// Compiles the fetched third-party protos into the image that is committed.
pub fn compile_third_party(folder: &Path) -> Result<Vec<u8>> {
    let mut files = Vec::new();
    collect_protos(folder, Path::new(""), &mut files)?;
    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new(folder.to_path_buf()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(false).include_source_info(false);
    for file in &files {
        compiler.open_file(file)?;
    }
    Ok(compiler.encode_file_descriptor_set())
}

/// Lists the `.proto` files below a folder, relative to it, sorted.
pub fn collect_protos(root: &Path, below: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let folder = root.join(below);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
        let entry = entry?;
        names.push((entry.file_name(), entry.file_type()?.is_dir()));
    }
    names.sort();
    for (name, is_dir) in names {
        let path = below.join(&name);
        if is_dir {
            collect_protos(root, &path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "proto") {
            found.push(path);
        }
    }
    Ok(())
}
