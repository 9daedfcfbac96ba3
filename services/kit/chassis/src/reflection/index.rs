//! Which file of the descriptor images holds what, found out when somebody first asks.
//!
//! Kept are the names of files and of what stands at their top; what stands deeper is looked up in
//! the one file that can hold it.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use contracts::DESCRIPTOR_IMAGE;
use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto};
use prost_types::{FileDescriptorProto, ServiceDescriptorProto};
use tonic_reflection::pb::{v1, v1alpha};

/// The field of a descriptor set that holds its files.
const FILE: u32 = 1;

type Bytes = &'static [u8];

/// Files of descriptors, by what they hold.
#[derive(Default)]
pub(super) struct Index {
    files: HashMap<String, Bytes>,
    tops: HashMap<String, Bytes>,
    extensions: BTreeMap<(String, i32), Bytes>,
}

impl Index {
    /// That of the images in this program.
    pub fn of_program() -> &'static Self {
        static INDEX: OnceLock<Index> = OnceLock::new();
        let images = [
            DESCRIPTOR_IMAGE,
            v1::FILE_DESCRIPTOR_SET,
            v1alpha::FILE_DESCRIPTOR_SET,
        ];
        INDEX.get_or_init(|| Self::of(&images))
    }

    /// That of some images; of two files with one name the first.
    pub fn of(images: &[Bytes]) -> Self {
        let mut index = Self::default();
        for bytes in images.iter().flat_map(|image| files(image)) {
            if let Ok(file) = FileDescriptorProto::decode(bytes) {
                index.add(&file, bytes);
            }
        }
        index
    }

    fn add(&mut self, file: &FileDescriptorProto, bytes: Bytes) {
        if self.files.contains_key(file.name()) {
            return;
        }
        self.files.insert(file.name().to_owned(), bytes);
        for name in tops(file) {
            self.tops.insert(name, bytes);
        }
        for extension in extensions(file) {
            let extended = extension.extendee().trim_start_matches('.').to_owned();
            self.extensions
                .insert((extended, extension.number()), bytes);
        }
    }

    /// The file of a name.
    pub fn file(&self, name: &str) -> Option<Bytes> {
        self.files.get(name).copied()
    }

    /// The file that declares a symbol: a type, a field, a value, a service, an rpc.
    pub fn file_with(&self, symbol: &str) -> Option<Bytes> {
        if let Some(file) = self.tops.get(symbol) {
            return Some(*file);
        }
        let outer = std::iter::successors(symbol.rsplit_once('.'), |(it, _)| it.rsplit_once('.'));
        let file = outer
            .map(|(it, _)| it)
            .find_map(|it| self.tops.get(it).copied())?;
        let decoded = FileDescriptorProto::decode(file).ok()?;
        declares(&decoded, symbol).then_some(file)
    }

    /// The file that extends a message by a field of this number.
    pub fn file_extending(&self, message: &str, number: i32) -> Option<Bytes> {
        self.extensions.get(&(message.to_owned(), number)).copied()
    }

    /// The numbers of all fields that extend a message.
    pub fn extensions_of(&self, message: &str) -> Vec<i32> {
        let from = (message.to_owned(), i32::MIN);
        let found = self.extensions.range(from..).map(|(key, _)| key);
        let found = found.take_while(|(extended, _)| extended == message);
        found.map(|(_, number)| *number).collect()
    }
}

/// The bytes of each file of a descriptor set, as they stand there.
fn files(mut set: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        while !set.is_empty() {
            let (tag, wire_type) = decode_key(&mut set).ok()?;
            if (tag, wire_type) == (FILE, WireType::LengthDelimited) {
                let length = usize::try_from(decode_varint(&mut set).ok()?).ok()?;
                let (file, rest) = set.split_at_checked(length)?;
                set = rest;
                return Some(file);
            }
            skip_field(wire_type, tag, &mut set, DecodeContext::default()).ok()?;
        }
        None
    })
}

/// The full names of what stands at the top of a file.
fn tops(file: &FileDescriptorProto) -> Vec<String> {
    let messages = file.message_type.iter().map(DescriptorProto::name);
    let enums = file.enum_type.iter().map(EnumDescriptorProto::name);
    let services = file.service.iter().map(ServiceDescriptorProto::name);
    let extensions = file.extension.iter().map(FieldDescriptorProto::name);
    let all = messages.chain(enums).chain(services).chain(extensions);
    all.map(|it| within(file.package(), it)).collect()
}

/// Says whether a file declares a symbol below its top.
fn declares(file: &FileDescriptorProto, symbol: &str) -> bool {
    let package = file.package();
    let in_service = |it: &ServiceDescriptorProto| {
        let service = within(package, it.name());
        it.method
            .iter()
            .any(|rpc| within(&service, rpc.name()) == symbol)
    };
    file.service.iter().any(in_service)
        || file
            .message_type
            .iter()
            .any(|it| message_has(package, it, symbol))
        || file
            .enum_type
            .iter()
            .any(|it| enum_has(package, it, symbol))
}

fn message_has(outer: &str, message: &DescriptorProto, symbol: &str) -> bool {
    let name = within(outer, message.name());
    let is = |member: &str| within(&name, member) == symbol;
    name == symbol
        || message.field.iter().any(|it| is(it.name()))
        || message.oneof_decl.iter().any(|it| is(it.name()))
        || message.extension.iter().any(|it| is(it.name()))
        || message
            .enum_type
            .iter()
            .any(|it| enum_has(&name, it, symbol))
        || message
            .nested_type
            .iter()
            .any(|it| message_has(&name, it, symbol))
}

fn enum_has(outer: &str, it: &EnumDescriptorProto, symbol: &str) -> bool {
    let name = within(outer, it.name());
    name == symbol
        || it
            .value
            .iter()
            .any(|value| within(&name, value.name()) == symbol)
}

/// The extensions that a file declares, in messages too.
fn extensions(file: &FileDescriptorProto) -> Vec<&FieldDescriptorProto> {
    let mut found: Vec<_> = file.extension.iter().collect();
    let mut open: Vec<_> = file.message_type.iter().collect();
    while let Some(message) = open.pop() {
        found.extend(&message.extension);
        open.extend(&message.nested_type);
    }
    found
}

fn within(outer: &str, name: &str) -> String {
    if outer.is_empty() {
        name.to_owned()
    } else {
        format!("{outer}.{name}")
    }
}
