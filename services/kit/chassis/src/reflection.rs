//! Server reflection, in both versions that tools ask for, of exactly what is served.
//!
//! The files go out as the bytes that are part of the program: nothing is decoded until somebody
//! asks, and then no more than one file at a time.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_reflection::pb::{v1, v1alpha};

mod index;
#[cfg(test)]
mod tests;

use index::Index;

/// What every server serves besides its own.
const ALWAYS: [&str; 3] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

/// Adds reflection to routes. The image holds imports, options, health and the details of errors,
/// so that tools describe and print all that can come back.
pub(crate) fn add(routes: Routes, names: &[&'static str]) -> Routes {
    let names = names.iter().chain(&ALWAYS).copied();
    let reflection = Reflection(names.collect());
    let first = v1::server_reflection_server::ServerReflectionServer::new(reflection.clone());
    let second = v1alpha::server_reflection_server::ServerReflectionServer::new(reflection);
    routes.add_service(first).add_service(second)
}

/// Answers for the services of these names.
#[derive(Clone)]
struct Reflection(Arc<[&'static str]>);

/// What tools ask, whatever the version.
enum Asked {
    Services,
    File(String),
    Symbol(String),
    Extension(String, i32),
    Extensions(String),
    Nothing,
}

/// What they get.
enum Answer {
    Services(Arc<[&'static str]>),
    File(&'static [u8]),
    Extensions(String, Vec<i32>),
    Refused(Code, String),
}

impl Reflection {
    fn answer(&self, asked: Asked) -> Answer {
        let index = Index::of_program();
        let (file, what) = match asked {
            Asked::Services => return Answer::Services(Arc::clone(&self.0)),
            Asked::Nothing => {
                let text = "the request asks nothing".to_owned();
                return Answer::Refused(Code::InvalidArgument, text);
            }
            Asked::Extensions(message) => {
                let numbers = index.extensions_of(&message);
                return Answer::Extensions(message, numbers);
            }
            Asked::File(name) => (index.file(&name), format!("file {name}")),
            Asked::Symbol(name) => (index.file_with(&name), format!("symbol {name}")),
            Asked::Extension(message, number) => (
                index.file_extending(&message, number),
                format!("extension {number} of {message}"),
            ),
        };
        let absent = || Answer::Refused(Code::NotFound, format!("there is no {what}"));
        file.map_or_else(absent, Answer::File)
    }
}

/// Both versions say the same in types of their own.
macro_rules! serve {
    ($version:ident) => {
        pub(super) mod $version {
            use tonic_reflection::pb::$version::server_reflection_request::MessageRequest as Ask;
            use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;
            use tonic_reflection::pb::$version::{
                ErrorResponse, ExtensionNumberResponse, FileDescriptorResponse,
                ListServiceResponse, ServerReflectionRequest, ServerReflectionResponse,
                ServiceResponse,
            };

            use super::{Answer, Asked, Reflection};

            pub fn answer(
                by: &Reflection,
                request: ServerReflectionRequest,
            ) -> ServerReflectionResponse {
                let asked = match request.message_request.clone() {
                    Some(Ask::ListServices(_)) => Asked::Services,
                    Some(Ask::FileByFilename(name)) => Asked::File(name),
                    Some(Ask::FileContainingSymbol(name)) => Asked::Symbol(name),
                    Some(Ask::FileContainingExtension(it)) => {
                        Asked::Extension(it.containing_type, it.extension_number)
                    }
                    Some(Ask::AllExtensionNumbersOfType(name)) => Asked::Extensions(name),
                    None => Asked::Nothing,
                };
                ServerReflectionResponse {
                    valid_host: request.host.clone(),
                    original_request: Some(request),
                    message_response: Some(written(by.answer(asked))),
                }
            }

            fn written(answer: Answer) -> MessageResponse {
                match answer {
                    Answer::Services(names) => {
                        let service = names.iter().map(|it| ServiceResponse {
                            name: (*it).to_owned(),
                        });
                        MessageResponse::ListServicesResponse(ListServiceResponse {
                            service: service.collect(),
                        })
                    }
                    Answer::File(file) => {
                        MessageResponse::FileDescriptorResponse(FileDescriptorResponse {
                            file_descriptor_proto: vec![file.to_vec()],
                        })
                    }
                    Answer::Extensions(base_type_name, extension_number) => {
                        MessageResponse::AllExtensionNumbersResponse(ExtensionNumberResponse {
                            base_type_name,
                            extension_number,
                        })
                    }
                    Answer::Refused(code, error_message) => {
                        MessageResponse::ErrorResponse(ErrorResponse {
                            error_code: code.into(),
                            error_message,
                        })
                    }
                }
            }
        }
    };
}

mod written {
    use super::{Answer, Asked, Reflection};

    serve!(v1);
    serve!(v1alpha);
}

#[tonic::async_trait]
impl v1::server_reflection_server::ServerReflection for Reflection {
    type ServerReflectionInfoStream =
        BoxStream<'static, Result<v1::ServerReflectionResponse, Status>>;

    async fn server_reflection_info(
        &self,
        request: Request<Streaming<v1::ServerReflectionRequest>>,
    ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
        let by = self.clone();
        let asked = request.into_inner();
        let answers = asked.map_ok(move |it| written::v1::answer(&by, it));
        Ok(Response::new(answers.boxed()))
    }
}

#[tonic::async_trait]
impl v1alpha::server_reflection_server::ServerReflection for Reflection {
    type ServerReflectionInfoStream =
        BoxStream<'static, Result<v1alpha::ServerReflectionResponse, Status>>;

    async fn server_reflection_info(
        &self,
        request: Request<Streaming<v1alpha::ServerReflectionRequest>>,
    ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
        let by = self.clone();
        let asked = request.into_inner();
        let answers = asked.map_ok(move |it| written::v1alpha::answer(&by, it));
        Ok(Response::new(answers.boxed()))
    }
}
