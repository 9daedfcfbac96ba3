//! A catalog that runs on a database of its own, and clients of all sorts.

use std::io::sink;
use std::sync::LazyLock;
use std::time::Duration;

use chassis::edge::Edge;
use chassis::fault::StatusView;
use chassis::service::{Host, Running};
use chassis::settings::Environment;
use chassis::token::{Grant, MESH, Signer};
use contracts::catalog as pb;
use contracts::catalog::catalog_service_client::CatalogServiceClient;
use contracts::common::{Money, UnitOfMeasure};
use sqlx::migrate::Migrator;
use testbed::{Database, Postgres, PostgresSettings, Schema};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Status};
use uuid::Builder;
use vocab::{Clock, CustomerId, Id, TenantId};

static TABLES: LazyLock<Migrator> = LazyLock::new(catalog::migrations);

/// Everything that staff may do here.
pub const ALL: &[&str] = &[
    "product.read",
    "product.write",
    "product.delete",
    "product.publish",
    "product.import",
    "product_import.read",
    "price.read",
    "price.write",
    "category.read",
    "category.write",
    "category.delete",
    "attribute_schema.read",
    "attribute_schema.write",
];

pub type Client = CatalogServiceClient<InterceptedService<Edge, Bearer>>;

/// Shows a token with every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A running catalog.
pub struct Bed {
    pub database: Database,
    pub running: Running,
    signer: Signer,
}

pub fn tenant(number: u8) -> TenantId {
    Id::at(1_700_000_000_000, [number; 10])
}

impl Bed {
    /// A catalog on a fresh database.
    pub async fn new() -> Self {
        Self::on(Postgres::shared().await.unwrap()).await
    }

    /// A catalog on a database server of its own.
    pub async fn alone() -> Self {
        Self::on(Postgres::start(&PostgresSettings::default()).await.unwrap()).await
    }

    async fn on(postgres: Postgres) -> Self {
        let database = postgres.database(&Schema::of(&TABLES)).await.unwrap();
        let signer = Signer::for_development().unwrap();
        let running = start(&database, &signer, &[]).await;
        Self {
            database,
            running,
            signer,
        }
    }

    /// Another replica whose plain reads go to the database of another bed.
    pub async fn reading_from(&self, copy: &Database) -> Running {
        let more = [("CATALOG_REPLICA_URL", copy.url())];
        start(&self.database, &self.signer, &more).await
    }

    /// Another replica on the same database.
    pub async fn replica(&self) -> Running {
        start(&self.database, &self.signer, &[]).await
    }

    /// A member of the staff of the first tenant.
    pub fn staff(&self) -> Client {
        self.staff_of(tenant(1))
    }

    /// A member of the staff of a tenant.
    pub fn staff_of(&self, tenant: TenantId) -> Client {
        self.client(&self.running, tenant, ALL, None)
    }

    /// Somebody of the first tenant's staff who may do these things only.
    pub fn limited(&self, permissions: &[&str]) -> Client {
        self.client(&self.running, tenant(1), permissions, None)
    }

    /// A shopper of the first tenant.
    pub fn shopper(&self) -> Client {
        let customer = CustomerId::at(1, [7; 10]);
        let permissions = ["product.read", "category.read"];
        self.client(&self.running, tenant(1), &permissions, Some(customer))
    }

    /// A client of a replica.
    pub fn client(
        &self,
        running: &Running,
        tenant: TenantId,
        permissions: &[&str],
        customer: Option<CustomerId>,
    ) -> Client {
        let token = self.token(tenant, permissions, customer);
        let bearer = Bearer(format!("Bearer {token}").parse().unwrap());
        let edge = running.edge("catalog").unwrap();
        CatalogServiceClient::with_interceptor(edge, bearer)
    }

    /// The token of somebody of a tenant.
    pub fn token(
        &self,
        tenant: TenantId,
        permissions: &[&str],
        customer: Option<CustomerId>,
    ) -> String {
        let user = vocab::UserId::at(1, [9; 10]).to_string();
        let grant = Grant {
            tenant,
            subject: customer.map_or(user, |it| it.to_string()),
            permissions: permissions.iter().map(|it| (*it).to_owned()).collect(),
            customer,
            locations: Vec::new(),
            session: "ses".to_owned(),
            audience: MESH.to_owned(),
            life: Duration::from_secs(600),
        };
        self.signer.sign(&grant, Clock::system().now()).unwrap()
    }
}

async fn start(database: &Database, signer: &Signer, more: &[(&'static str, String)]) -> Running {
    let file = std::env::temp_dir().join(format!("catalog-keys-{}.json", fresh()));
    std::fs::write(&file, serde_json::to_vec(&signer.jwks()).unwrap()).unwrap();
    let environment: Environment = [
        ("RETAIL_PROFILE", "dev".to_owned()),
        ("RETAIL_TOKEN_KEYS_FILE", file.display().to_string()),
        ("CATALOG_LISTEN", "127.0.0.1:0".to_owned()),
        ("CATALOG_CALLS_PER_CALLER", "100000".to_owned()),
        ("CATALOG_CALLS_PER_TENANT", "100000".to_owned()),
        ("CATALOG_DATABASE_URL", database.url()),
        ("CATALOG_SCAN_URL", database.scan_url()),
        ("CATALOG_LOG_URL", database.log_url()),
    ]
    .into_iter()
    .chain(more.iter().cloned())
    .collect();
    let host = Host {
        environment: &environment,
        clock: Clock::system(),
        lines: &|| match std::env::var_os("SHOW_LINES") {
            Some(_) => Box::new(std::io::stderr()),
            None => Box::new(sink()),
        },
    };
    Running::start(vec![catalog::service()], &host)
        .await
        .unwrap()
}

/// A request id that nobody has used.
pub fn fresh() -> String {
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    Builder::from_random_bytes(random).into_uuid().to_string()
}

pub fn euro(cents: i64) -> Option<Money> {
    money("EUR", cents)
}

pub fn money(code: &str, cents: i64) -> Option<Money> {
    Some(Money {
        currency_code: code.to_owned(),
        units: cents / 100,
        nanos: i32::try_from(cents % 100 * 10_000_000).unwrap(),
    })
}

/// A product that is complete enough.
pub fn product(sku: &str) -> pb::Product {
    pb::Product {
        sku: sku.to_owned(),
        title: format!("Product {sku}"),
        price: euro(1_000),
        unit_of_measure: UnitOfMeasure::Each.into(),
        ..pb::Product::default()
    }
}

pub async fn create(client: &mut Client, product: pb::Product) -> Result<pb::Product, Status> {
    let request = pb::CreateProductRequest {
        product: Some(product),
        request_id: String::new(),
    };
    let created = client.create_product(request).await?;
    Ok(created.into_inner().product.unwrap())
}

pub async fn made(client: &mut Client, sku: &str) -> pb::Product {
    create(client, product(sku)).await.unwrap()
}

pub async fn find(client: &mut Client, id: &str) -> Result<pb::Product, Status> {
    let request = pb::GetProductRequest {
        product_id: id.to_owned(),
        ..pb::GetProductRequest::default()
    };
    Ok(client
        .get_product(request)
        .await?
        .into_inner()
        .product
        .unwrap())
}

/// Changes some fields of a product.
pub async fn update(
    client: &mut Client,
    product: pb::Product,
    paths: &[&str],
) -> Result<pb::Product, Status> {
    let request = pb::UpdateProductRequest {
        product: Some(product),
        update_mask: mask(paths),
        request_id: String::new(),
    };
    Ok(client
        .update_product(request)
        .await?
        .into_inner()
        .product
        .unwrap())
}

pub fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask {
        paths: paths.iter().map(|it| (*it).to_owned()).collect(),
    })
}

pub async fn publish(client: &mut Client, id: &str) -> Result<pb::Product, Status> {
    let request = pb::PublishProductRequest {
        product_id: id.to_owned(),
        ..pb::PublishProductRequest::default()
    };
    Ok(client
        .publish_product(request)
        .await?
        .into_inner()
        .product
        .unwrap())
}

pub async fn delete(client: &mut Client, id: &str) -> Result<pb::Product, Status> {
    let request = pb::DeleteProductRequest {
        product_id: id.to_owned(),
        ..pb::DeleteProductRequest::default()
    };
    Ok(client
        .delete_product(request)
        .await?
        .into_inner()
        .product
        .unwrap())
}

pub async fn undelete(client: &mut Client, id: &str) -> Result<pb::Product, Status> {
    let request = pb::UndeleteProductRequest {
        product_id: id.to_owned(),
        ..pb::UndeleteProductRequest::default()
    };
    Ok(client
        .undelete_product(request)
        .await?
        .into_inner()
        .product
        .unwrap())
}

pub async fn category(
    client: &mut Client,
    slug: &str,
    parent: &str,
) -> Result<pb::Category, Status> {
    let category = pb::Category {
        slug: slug.to_owned(),
        display_name: slug.to_owned(),
        parent_category_id: parent.to_owned(),
        ..pb::Category::default()
    };
    let request = pb::CreateCategoryRequest {
        category: Some(category),
        request_id: String::new(),
    };
    Ok(client
        .create_category(request)
        .await?
        .into_inner()
        .category
        .unwrap())
}

pub fn view(status: &Status) -> StatusView {
    StatusView::of(status).unwrap()
}

/// The reason of a refusal, and one value of its metadata.
pub fn reason<T: std::fmt::Debug>(result: Result<T, Status>) -> String {
    view(&result.unwrap_err()).reason
}

/// One value of the metadata of a refusal.
pub fn told<T: std::fmt::Debug>(result: &Result<T, Status>, key: &str) -> String {
    let view = view(result.as_ref().unwrap_err());
    view.metadata.get(key).cloned().unwrap_or_default()
}

/// The first field that is at fault.
pub fn field<T: std::fmt::Debug>(result: Result<T, Status>) -> String {
    let view = view(&result.unwrap_err());
    assert_eq!(view.reason, "VALIDATION_FAILED");
    view.violations
        .first()
        .map(|it| it.0.clone())
        .unwrap_or_default()
}
