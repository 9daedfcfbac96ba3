//! What is promised of every method: it is listed, found, and has an example that is a message.

use contracts::DESCRIPTOR_IMAGE;
use prost::Message;
use prost_reflect::DescriptorPool;

use super::{example, find, messages, same};

fn pool() -> DescriptorPool {
    DescriptorPool::decode(DESCRIPTOR_IMAGE).unwrap()
}

#[test]
fn every_method_has_an_example_that_is_a_message_of_its_type() {
    let pool = pool();
    let services = pool
        .services()
        .filter(|it| it.full_name().starts_with("retail."));
    let methods: Vec<_> = services
        .flat_map(|it| it.methods().collect::<Vec<_>>())
        .collect();
    assert!(methods.len() > 100, "{}", methods.len());
    for method in methods {
        let example = example::of(&pool, &method.input()).unwrap().to_string();
        let read = messages(&method, &example);
        assert!(read.is_ok(), "{}: {example}: {read:?}", method.full_name());
    }
}

#[test]
fn the_example_of_a_product_passes_its_own_rules() {
    let pool = pool();
    let method = find(&pool, "retail.catalog.v1.CatalogService/CreateProduct").unwrap();
    let example = example::of(&pool, &method.input()).unwrap().to_string();
    let message = messages(&method, &example).unwrap().remove(0);
    let bytes = message.encode_to_vec();
    let typed = contracts::catalog::CreateProductRequest::decode(bytes.as_slice()).unwrap();
    contracts::validate::Validate::validate(&typed).unwrap();
    assert!(!typed.request_id.is_empty());
}

#[test]
fn a_method_that_is_not_there_names_those_that_are() {
    let pool = pool();
    let wrong = find(&pool, "retail.catalog.v1.CatalogService/Make").unwrap_err();
    assert!(wrong.to_string().contains("CreateProduct"), "{wrong}");
    let method = find(&pool, "retail.catalog.v1.CatalogService/GetProduct").unwrap();
    let wrong = messages(&method, r#"{"prodct_id":"x"}"#).unwrap_err();
    assert!(format!("{wrong:#}").contains("prodct_id"), "{wrong:#}");
}

#[test]
fn the_same_call_is_quoted_for_a_shell() {
    let pool = pool();
    let method = find(&pool, "retail.catalog.v1.CatalogService/GetProduct").unwrap();
    let [grpcurl, buf] = same::lines(&method, "127.0.0.1:17402", r#"{"a":"it's"}"#, true);
    for line in [grpcurl, buf] {
        assert!(line.contains(r#"-d '{"a":"it'\''s"}'"#), "{line}");
        assert!(line.contains("Bearer $(make -s token)"), "{line}");
    }
}
