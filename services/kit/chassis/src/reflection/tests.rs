//! Reflection finds everything that the images hold, in the file that holds it.

use contracts::DESCRIPTOR_IMAGE;
use prost::Message;
use prost::encoding::encoded_len_varint;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorProto;
use tonic::Code;

use super::index::Index;
use super::{Answer, Asked, Reflection};

/// The name of the file that an answer holds.
fn file(found: Option<&[u8]>) -> Option<String> {
    let file = FileDescriptorProto::decode(found?).unwrap();
    Some(file.name().to_owned())
}

/// Compares with a library that reads the whole image.
#[test]
fn every_symbol_is_found_in_its_file() {
    let pool = DescriptorPool::decode(DESCRIPTOR_IMAGE).unwrap();
    let index = Index::of_program();
    let mut expected = Vec::new();
    for message in pool.all_messages() {
        let own = message.parent_file().name().to_owned();
        expected.extend(
            message
                .fields()
                .map(|it| (it.full_name().to_owned(), own.clone())),
        );
        expected.push((message.full_name().to_owned(), own));
    }
    for service in pool.services() {
        let own = service.parent_file().name().to_owned();
        expected.extend(
            service
                .methods()
                .map(|it| (it.full_name().to_owned(), own.clone())),
        );
        expected.push((service.full_name().to_owned(), own));
    }
    for it in pool.all_enums() {
        expected.push((
            it.full_name().to_owned(),
            it.parent_file().name().to_owned(),
        ));
    }
    assert!(expected.len() > 2_000, "{}", expected.len());
    // Deep names are found by decoding a file, so a sample of them must do.
    for (symbol, own) in expected.into_iter().step_by(17) {
        assert_eq!(file(index.file_with(&symbol)), Some(own), "{symbol}");
    }
}

#[test]
fn every_file_goes_out_as_it_is() {
    let pool = DescriptorPool::decode(DESCRIPTOR_IMAGE).unwrap();
    let mut bytes = 0;
    for known in pool.files() {
        let found = Index::of_program().file(known.name()).unwrap();
        let decoded = FileDescriptorProto::decode(found).unwrap();
        let same = decoded == *known.file_descriptor_proto();
        assert!(same, "{}", known.name());
        let length = u64::try_from(found.len()).unwrap();
        bytes += 1 + encoded_len_varint(length) + found.len();
    }
    // Nothing is lost that this decoding does not know, our options among it.
    assert_eq!(bytes, DESCRIPTOR_IMAGE.len());
}

#[test]
fn options_are_found_by_what_they_extend() {
    let index = Index::of_program();
    let options = "google.protobuf.MethodOptions";
    let numbers = index.extensions_of(options);
    let pool = DescriptorPool::decode(DESCRIPTOR_IMAGE).unwrap();
    let ours = pool.get_extension_by_name("retail.common.v1.rpc").unwrap();
    let number = i32::try_from(ours.number()).unwrap();
    assert!(numbers.contains(&number), "{numbers:?}");
    let found = file(index.file_extending(options, number));
    assert_eq!(found.as_deref(), Some(ours.parent_file().name()));
    assert!(index.file_extending(options, 1).is_none());
    assert!(index.extensions_of("retail.order.v1.Order").is_empty());
}

#[test]
fn what_is_not_there_is_refused_and_nothing_else_is_shown() {
    let reflection = Reflection(["grpc.health.v1.Health"].into());
    for asked in [
        Asked::Symbol("retail.order.v1".to_owned()),
        Asked::Symbol("retail.order.v1.OrderService.NoSuch".to_owned()),
        Asked::Symbol(String::new()),
        Asked::File("order.proto".to_owned()),
    ] {
        let Answer::Refused(code, _) = reflection.answer(asked) else {
            panic!("found");
        };
        assert_eq!(code, Code::NotFound);
    }
    let Answer::Refused(code, _) = reflection.answer(Asked::Nothing) else {
        panic!("answered");
    };
    assert_eq!(code, Code::InvalidArgument);
    let Answer::Services(names) = reflection.answer(Asked::Services) else {
        panic!("no list");
    };
    assert_eq!(names[..], ["grpc.health.v1.Health"]);
}
