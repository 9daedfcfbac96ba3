//! How a tenant gets rows of every sort: by the rpcs that make them, and by plain rows where a
//! service makes them by itself.

use futures_util::future::LocalBoxFuture;
use prost::Message as _;
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use testbed::Database;
use tonic::Code;
use vocab::TenantId;

use super::bed::Bed;
use super::example::{Fixed, Ids, fresh, word};
use super::served::Subject;
use super::surface::Rpc;
use super::wire::{Shown, Way};

pub mod auth;
pub mod catalog;
pub mod inventory;
pub mod kit;

/// How a service is given rows.
pub struct Seeding {
    /// Makes rows of every sort and returns an id of each kind, by its prefix.
    pub make: for<'a> fn(&'a Maker<'a>) -> LocalBoxFuture<'a, Ids>,
    /// Values of fields for which an example made from rules is of no use.
    pub fixed: &'static [Fixed],
    /// Kinds of ids that requests name and of which no service of this build makes any, and why.
    pub elsewhere: &'static [(&'static str, &'static str)],
    /// Requests that the owner of the rows is answered like everybody else, by rpc and the last
    /// field that was added, and why.
    pub alike: &'static [(&'static str, &'static str, &'static str)],
    /// Rpcs that answer everybody with a number: to a stranger it is another one.
    pub counted: &'static [&'static str],
    /// Rpcs, or one field of theirs, that take ids of any sort and do something with what their
    /// caller has, or with nothing, and why.
    pub own: &'static [(&'static str, &'static str)],
    /// Rpcs that nobody tries on their own rows, because nothing could be asked after them, and
    /// those that tell of all tenants by their contract.
    pub apart: &'static [(&'static str, &'static str)],
}

/// Makes rows of one tenant.
pub struct Maker<'a> {
    pub tenant: TenantId,
    /// A word that stands in everything that is made.
    pub mark: String,
    pub database: &'a Database,
    service: &'static str,
    way: Way,
    shown: Shown,
    rpcs: Vec<Rpc>,
}

/// What a tenant has.
pub struct Seeded {
    pub ids: Ids,
    pub mark: String,
}

impl Maker<'_> {
    /// Calls an rpc with JSON, as in `CatalogService/CreateProduct`.
    pub async fn ask(&self, rpc: &str, message: Value) -> Value {
        let wanted = |it: &&Rpc| it.name.ends_with(&format!(".{rpc}"));
        let rpc = self.rpcs.iter().find(wanted).unwrap();
        let mut message = message;
        let input = rpc.method.input();
        if input.get_field_by_name("request_id").is_some() {
            let fields = message.as_object_mut().unwrap();
            fields.entry("requestId").or_insert_with(|| json!(fresh()));
        }
        let text = message.to_string();
        let mut reader = serde_json::Deserializer::from_str(&text);
        let message = DynamicMessage::deserialize(rpc.method.input(), &mut reader).unwrap();
        let bytes = message.encode_to_vec();
        let answer = self.way.ask(&rpc.path(), &self.shown, &bytes).await;
        let said = String::from_utf8_lossy(&answer.said);
        assert_eq!(answer.code, Code::Ok, "{} {text}: {said}", rpc.name);
        let output = rpc.method.output();
        let answer = DynamicMessage::decode(output, answer.messages[0].as_slice()).unwrap();
        let options = SerializeOptions::new().skip_default_fields(false);
        let json = serde_json::value::Serializer;
        answer.serialize_with_options(json, &options).unwrap()
    }

    /// The service whose rows are made.
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// Who may do everything to the database.
    pub async fn admin(&self) -> PgConnection {
        PgConnection::connect(&self.database.admin_url())
            .await
            .unwrap()
    }
}

/// Gives a tenant rows of every sort.
pub async fn seed(bed: &Bed, subject: &Subject, tenant: TenantId) -> Seeded {
    let maker = Maker {
        tenant,
        mark: word(),
        database: &bed.databases[subject.name],
        service: subject.name,
        way: bed.inside(subject),
        shown: bed.shown(&bed.staff(subject, tenant)),
        rpcs: bed.rpcs(subject),
    };
    let mut ids = (subject.seeding.make)(&maker).await;
    ids.extend(kit::rows(&maker).await);
    let mark = maker.mark;
    Seeded { ids, mark }
}

/// The text at a place of an answer.
pub fn text(answer: &Value, place: &str) -> String {
    let found = answer.pointer(place).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("{place} of {answer}"))
        .to_owned()
}
