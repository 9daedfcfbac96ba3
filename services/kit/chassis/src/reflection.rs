//! Server reflection, in both versions that tools ask for, of exactly what is served.

use contracts::DESCRIPTOR_IMAGE;
use tonic::service::Routes;
use tonic_reflection::pb::{v1, v1alpha};
use tonic_reflection::server::{Builder, Error};

/// What every server serves besides its own.
const ALWAYS: [&str; 3] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

/// Adds reflection to routes. The image holds imports, options, health and the details of errors,
/// so that tools describe and print all that can come back.
pub(crate) fn add(routes: Routes, names: &[&'static str]) -> Result<Routes, Error> {
    let builder = || {
        let image = Builder::configure()
            .include_reflection_service(false)
            .register_encoded_file_descriptor_set(DESCRIPTOR_IMAGE)
            .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(v1alpha::FILE_DESCRIPTOR_SET);
        let names = names.iter().chain(&ALWAYS);
        names.fold(image, |builder, name| builder.with_service_name(*name))
    };
    let routes = routes.add_service(builder().build_v1()?);
    Ok(routes.add_service(builder().build_v1alpha()?))
}
