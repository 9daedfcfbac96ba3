//! Gate: both versions of server reflection serve the image, options and all, over a real socket.

use contracts::DESCRIPTOR_IMAGE;
use generator::contract::rpc_contract;
use prost_reflect::DescriptorPool;
use tokio::task::JoinSet;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Endpoint, Server};
use tonic_reflection::pb::{v1, v1alpha};
use tonic_reflection::server::Builder;

const SERVICE: &str = "retail.order.v1.OrderService";

/// Serves reflection and nothing else on a port of the kernel's choice, until the set is dropped.
async fn serve(tasks: &mut JoinSet<()>) -> Channel {
    let builder = || Builder::configure().register_encoded_file_descriptor_set(DESCRIPTOR_IMAGE);
    let (first, second) = (
        builder().build_v1().unwrap(),
        builder().build_v1alpha().unwrap(),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().add_service(first).add_service(second);
    tasks.spawn(async move {
        server
            .serve_with_incoming(TcpListenerStream::new(listener))
            .await
            .unwrap();
    });
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect()
        .await
        .unwrap()
}

/// Whether the files that reflection answered with hold our options.
fn keeps_options(files: Vec<Vec<u8>>) -> bool {
    let mut pool = DescriptorPool::decode(DESCRIPTOR_IMAGE).unwrap();
    for file in files {
        pool.decode_file_descriptor_proto(file.as_slice()).unwrap();
    }
    let service = pool.get_service_by_name(SERVICE).unwrap();
    service
        .methods()
        .all(|method| rpc_contract(&method).is_some())
}

#[tokio::test]
async fn reflection_v1_answers_with_options() {
    use v1::server_reflection_request::MessageRequest::FileContainingSymbol;
    use v1::server_reflection_response::MessageResponse;
    let mut tasks = JoinSet::new();
    let channel = serve(&mut tasks).await;
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel);
    let request = v1::ServerReflectionRequest {
        message_request: Some(FileContainingSymbol(SERVICE.to_owned())),
        ..Default::default()
    };
    let answers = client
        .server_reflection_info(tokio_stream::iter([request]))
        .await
        .unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::FileDescriptorResponse(found)) = answer.message_response else {
        panic!("{answer:?}");
    };
    assert!(!found.file_descriptor_proto.is_empty() && keeps_options(found.file_descriptor_proto));
}

#[tokio::test]
async fn reflection_v1alpha_lists_every_service() {
    use v1alpha::server_reflection_request::MessageRequest::ListServices;
    use v1alpha::server_reflection_response::MessageResponse;
    let mut tasks = JoinSet::new();
    let channel = serve(&mut tasks).await;
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let request = v1alpha::ServerReflectionRequest {
        message_request: Some(ListServices(String::new())),
        ..Default::default()
    };
    let answers = client
        .server_reflection_info(tokio_stream::iter([request]))
        .await
        .unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(found)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let names: Vec<_> = found.service.into_iter().map(|it| it.name).collect();
    for name in [
        SERVICE,
        "retail.auth.v1.AuthService",
        "grpc.health.v1.Health",
    ] {
        assert!(names.iter().any(|it| it == name), "{names:?}");
    }
}
