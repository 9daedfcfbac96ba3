//! Rules for comments: each says what the name does not.

use prost_reflect::{EnumDescriptor, FileDescriptor, MessageDescriptor, ServiceDescriptor};

use super::Findings;
use crate::comments::{Comments, says_more};
use crate::schema::Schema;

// Numbers of the fields of FileDescriptorProto and its parts, of which descriptor paths are made.
const FILE_MESSAGE: i32 = 4;
const FILE_ENUM: i32 = 5;
const FILE_SERVICE: i32 = 6;
const FIRST: i32 = 2;

/// Judges every comment.
pub fn check(schema: &Schema, found: &mut Findings) {
    let comments = Comments::of(&schema.pool);
    for file in schema.own_files() {
        let mut judge = Judge {
            comments: &comments,
            file: &file,
            found,
        };
        for (place, message) in file.messages().enumerate() {
            judge.message(&message, index(place));
        }
        for (place, it) in file.enums().enumerate() {
            judge.enumeration(&it, index(place));
        }
        for (place, service) in file.services().enumerate() {
            judge.service(&service, index(place));
        }
    }
}

fn index(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}

struct Judge<'a> {
    comments: &'a Comments,
    file: &'a FileDescriptor,
    found: &'a mut Findings,
}

impl Judge<'_> {
    fn message(&mut self, message: &MessageDescriptor, place: i32) {
        self.one(
            &[FILE_MESSAGE, place],
            message.full_name(),
            &[message.name()],
        );
        for (at, field) in message.fields_in_order().enumerate() {
            let names = [field.name(), message.name()];
            self.one(
                &[FILE_MESSAGE, place, FIRST, index(at)],
                field.full_name(),
                &names,
            );
        }
    }

    fn enumeration(&mut self, it: &EnumDescriptor, place: i32) {
        self.one(&[FILE_ENUM, place], it.full_name(), &[it.name()]);
        for (at, value) in it.values().enumerate() {
            let path = [FILE_ENUM, place, FIRST, index(at)];
            let names = if value.number() == 0 {
                vec![]
            } else {
                vec![value.name()]
            };
            let comment = self.comments.at(self.file, &path);
            let plain = matches!(comment.trim(), "Not used." | "Unset; refused on input.");
            if !plain {
                self.one(&path, value.full_name(), &names);
            }
        }
    }

    fn service(&mut self, service: &ServiceDescriptor, place: i32) {
        self.one(
            &[FILE_SERVICE, place],
            service.full_name(),
            &[service.name()],
        );
        for (at, method) in service.methods().enumerate() {
            let path = [FILE_SERVICE, place, FIRST, index(at)];
            self.one(&path, method.full_name(), &[method.name()]);
        }
    }

    fn one(&mut self, path: &[i32], element: &str, names: &[&str]) {
        let comment = self.comments.at(self.file, path);
        let first = comment.trim().split(['.', '\n']).next().unwrap_or_default();
        if !says_more(comment, names) || first.is_empty() {
            let text = format!("says no more than the name: {:?}", comment.trim());
            self.found.add(element, "comment", text);
        }
        if comment.lines().any(|line| line.chars().count() > 98) {
            self.found
                .add(element, "comment", "has a line of more than 100 columns");
        }
    }
}

/// The fields of a message in the order of the file, which descriptor paths count by.
trait InOrder {
    fn fields_in_order(&self) -> std::vec::IntoIter<prost_reflect::FieldDescriptor>;
}

impl InOrder for MessageDescriptor {
    fn fields_in_order(&self) -> std::vec::IntoIter<prost_reflect::FieldDescriptor> {
        let proto = self.descriptor_proto();
        let fields: Vec<_> = proto
            .field
            .iter()
            .filter_map(|it| self.get_field_by_name(it.name()))
            .collect();
        fields.into_iter()
    }
}
