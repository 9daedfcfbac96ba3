//! The same call for people who use other tools.

use prost_reflect::MethodDescriptor;

use crate::print::remark;

/// How `buf curl` speaks gRPC without TLS.
const BUF_WAY: &str = "--protocol grpc --http2-prior-knowledge";

/// Prints the lines of `grpcurl` and `buf curl`, with the token from its file.
pub fn print(method: &MethodDescriptor, address: &str, data: &str, token: bool) {
    for line in lines(method, address, data, token) {
        remark(&line);
    }
}

pub(super) fn lines(
    method: &MethodDescriptor,
    address: &str,
    data: &str,
    token: bool,
) -> [String; 2] {
    let service = method.parent_service();
    let path = format!("{}/{}", service.full_name(), method.name());
    let data = quoted(data);
    let header = if token {
        " -H \"authorization: Bearer $(make -s token)\""
    } else {
        ""
    };
    [
        format!("grpcurl -plaintext{header} -d {data} {address} {path}"),
        format!("buf curl {BUF_WAY}{header} -d {data} http://{address}/{path}"),
    ]
}

/// Quotes a text for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
