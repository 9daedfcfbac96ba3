//! What the contracts say of every rpc, read from the descriptors and from nowhere else.

use contracts::DESCRIPTOR_IMAGE;
use contracts::common::{RpcContract, Scope};
use prost_reflect::prost_types::method_options::IdempotencyLevel;
use prost_reflect::{DescriptorPool, MethodDescriptor};

/// One rpc, as its contract has it.
#[derive(Clone, Debug)]
pub struct Rpc {
    /// Such as `retail.catalog.v1.CatalogService/GetProduct`.
    pub name: String,
    pub method: MethodDescriptor,
    /// Nothing, where everybody may call it.
    pub permission: Option<String>,
    pub scope: Scope,
    /// Where the owner or the location stands: `request` or `response`, and the names on the way.
    pub scope_field: Vec<String>,
    pub reads: bool,
}

impl Rpc {
    /// The path that it is called by.
    pub fn path(&self) -> String {
        format!("/{}", self.name)
    }

    /// Whether the descriptors say that it creates something: then ids of its own mean nothing.
    pub fn creates(&self) -> bool {
        self.method.name().starts_with("Create")
    }
}

/// Every rpc of the installation.
pub struct Surface {
    pub pool: DescriptorPool,
    rpcs: Vec<Rpc>,
}

impl Surface {
    pub fn read() -> Self {
        let pool = DescriptorPool::decode(DESCRIPTOR_IMAGE).unwrap();
        let option = pool.get_extension_by_name("retail.common.v1.rpc").unwrap();
        let services = pool
            .services()
            .filter(|it| it.package_name().starts_with("retail."));
        let methods = services.flat_map(|it| it.methods().collect::<Vec<_>>());
        let rpcs = methods.map(|method| {
            let value = method.options().get_extension(&option).into_owned();
            rpc(method, &value.as_message().unwrap().transcode_to().unwrap())
        });
        let rpcs = rpcs.collect();
        Self { pool, rpcs }
    }

    /// The rpcs of some contexts, such as `catalog`.
    pub fn of(&self, contexts: &[&str]) -> Vec<Rpc> {
        let within = |it: &&Rpc| {
            let context = it.name.split('.').nth(1).unwrap();
            contexts.contains(&context)
        };
        self.rpcs.iter().filter(within).cloned().collect()
    }

    /// Every permission that any rpc asks for.
    pub fn permissions(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .rpcs
            .iter()
            .filter_map(|it| it.permission.clone())
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

fn rpc(method: MethodDescriptor, contract: &RpcContract) -> Rpc {
    let proto = method.method_descriptor_proto();
    let level = proto.options.as_ref().map(|it| it.idempotency_level());
    let field = contract.scope_field.split('.');
    Rpc {
        name: format!("{}/{}", method.parent_service().full_name(), method.name()),
        permission: (!contract.public).then(|| contract.permission.clone()),
        scope: contract.scope(),
        scope_field: field
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect(),
        reads: level == Some(IdempotencyLevel::NoSideEffects),
        method,
    }
}
