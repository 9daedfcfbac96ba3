//! Claims that are missing, of the wrong type, or not ours, with a signature that holds.

use serde_json::{Value, json};
use uuid::Uuid;
use vocab::{CustomerId, LocationId, ProductId, TenantId};

use super::{Forged, Good, with, without};
use crate::token::signer::SignerError;
use crate::token::verifier::Refused;

const REQUIRED: [&str; 10] = [
    "iss", "aud", "iat", "nbf", "exp", "jti", "tid", "sub", "sid", "prm",
];
const TIMES: [&str; 3] = ["iat", "nbf", "exp"];
const TEXTS: [&str; 4] = ["jti", "tid", "sub", "sid"];

/// Every set of claims that is not to be believed.
pub(super) fn all(good: &Good<'_>) -> Result<Vec<Forged>, SignerError> {
    let mut sets: Vec<(String, Value, Refused)> = Vec::new();
    let mut refuse = |name: &str, claim: &str, value: Value, why| {
        let name = format!("{claim}: {name}");
        sets.push((name, with(&good.claims, claim, value), why));
    };
    for (name, claim, value, why) in told(good.now) {
        refuse(name, claim, value, why);
    }
    for claim in TIMES {
        refuse("a text", claim, json!("1800000000"), Refused::Claims);
        refuse("null", claim, Value::Null, Refused::Claims);
        refuse("true", claim, json!(true), Refused::Claims);
        refuse("a list", claim, json!([good.now]), Refused::Claims);
        refuse("before 1970", claim, json!(-1), Refused::Claims);
        refuse("a breath before 1970", claim, json!(-0.5), Refused::Claims);
        refuse("beyond all times", claim, json!(1e30), Refused::Claims);
        refuse("beyond 64 bits", claim, json!(u64::MAX), Refused::Claims);
    }
    for claim in TEXTS {
        refuse("empty", claim, json!(""), Refused::Claims);
        refuse("a number", claim, json!(7), Refused::Claims);
        refuse("null", claim, Value::Null, Refused::Claims);
        refuse("too long", claim, json!("s".repeat(65)), Refused::Claims);
    }
    let missing = REQUIRED.map(|claim| {
        let claims = without(&good.claims, claim);
        (format!("{claim}: missing"), claims, Refused::Claims)
    });
    sets.extend(missing);
    sets.extend(of_several(good));
    let sealed = sets.into_iter().map(|(name, claims, why)| {
        let token = good.seal(&good.header, &claims)?;
        Ok(Forged::token(name, token, why))
    });
    sealed.collect()
}

type Told = (&'static str, &'static str, Value, Refused);

/// One claim that is not ours, each by its own mistake.
fn told(now: i64) -> Vec<Told> {
    let mut told = of_time(now);
    told.extend(of_names());
    told
}

fn of_time(now: i64) -> Vec<Told> {
    vec![
        ("over", "exp", json!(now - 31), Refused::Time),
        (
            "over and a part",
            "exp",
            over_and_a_part(now),
            Refused::Time,
        ),
        (
            "later than allowed",
            "exp",
            json!(now + 86_400),
            Refused::Time,
        ),
        (
            "centuries away",
            "exp",
            json!(253_402_300_799_i64),
            Refused::Time,
        ),
        ("at the beginning", "exp", json!(0), Refused::Time),
        ("not yet", "nbf", json!(now + 300), Refused::Time),
        (
            "not this year",
            "nbf",
            json!(now + 31_536_000),
            Refused::Time,
        ),
        ("in the future", "iat", json!(now + 300), Refused::Time),
        ("long ago", "iat", json!(now - 86_400), Refused::Time),
    ]
}

/// A time with a part of a second, as other issuers write it.
fn over_and_a_part(now: i64) -> Value {
    let text = format!("{}.5", now - 32);
    serde_json::from_str(&text).unwrap_or_default()
}

fn of_names() -> Vec<Told> {
    let tenant = TenantId::at(1, [1; 10]).to_string();
    let bare = TenantId::at(1, [1; 10]).uuid().to_string();
    let nil = TenantId::from_uuid(Uuid::nil()).to_string();
    let product = ProductId::at(1, [1; 10]).to_string();
    let customer = CustomerId::at(1, [3; 10]).to_string();
    let locations = vec![LocationId::at(1, [3; 10]).to_string(); 101];
    let evil = "https://evil.example";
    use Refused::{Audience, Claims, Issuer};
    vec![
        ("another", "iss", json!(evil), Issuer),
        ("in other letters", "iss", json!("Retail-Mesh"), Issuer),
        ("and more", "iss", json!("retail-mesh/"), Issuer),
        ("empty", "iss", json!(""), Issuer),
        ("two", "iss", json!(["retail-mesh", "evil"]), Claims),
        ("elsewhere", "aud", json!("elsewhere"), Audience),
        ("others", "aud", json!(["elsewhere", "nowhere"]), Audience),
        ("in other letters", "aud", json!("RETAIL-MESH"), Audience),
        ("nobody", "aud", json!([]), Audience),
        ("empty", "aud", json!(""), Audience),
        ("a number", "aud", json!(7), Claims),
        ("a word", "tid", json!("other-tenant"), Claims),
        ("in capitals", "tid", json!(tenant.to_uppercase()), Claims),
        ("with a space", "tid", json!(format!(" {tenant}")), Claims),
        ("without its prefix", "tid", json!(bare), Claims),
        ("of something else", "tid", json!(product), Claims),
        ("nil", "tid", json!(nil), Claims),
        ("two", "tid", json!([tenant, tenant]), Claims),
        ("all", "tid", json!("*"), Claims),
        ("of something else", "sub", json!(product), Claims),
        ("a service in capitals", "sub", json!("Catalog"), Claims),
        ("a service and more", "sub", json!("catalog system"), Claims),
        ("one text", "prm", json!("order.place"), Claims),
        ("numbers", "prm", json!([1, 2]), Claims),
        ("null", "prm", Value::Null, Claims),
        ("an object", "prm", json!({"*": true}), Claims),
        ("lists", "prm", json!([["order.place"]]), Claims),
        ("no id", "cus", json!("cus_1"), Claims),
        ("of something else", "cus", json!(product), Claims),
        ("a list", "cus", json!([customer]), Claims),
        ("no id", "loc", json!(["here"]), Claims),
        ("one text", "loc", json!("here"), Claims),
        ("too many", "loc", json!(locations), Claims),
    ]
}

/// Claims that do not go together, or are too many.
fn of_several(good: &Good<'_>) -> Vec<(String, Value, Refused)> {
    let (one, other) = (
        CustomerId::at(1, [3; 10]).to_string(),
        CustomerId::at(1, [4; 10]).to_string(),
    );
    let of = |subject: &str, customer: &str| {
        let claims = with(&good.claims, "sub", json!(subject));
        with(&claims, "cus", json!(customer))
    };
    let many = with(&good.claims, "prm", json!(vec!["order.place"; 700]));
    let long = with(&good.claims, "more", json!("m".repeat(9_500)));
    let backwards = with(&good.claims, "iat", json!(good.now + 20));
    let backwards = with(&backwards, "exp", json!(good.now + 10));
    [
        (
            "a service that is a customer",
            of("order", &one),
            Refused::Claims,
        ),
        (
            "the system as a customer",
            of("system", &one),
            Refused::Claims,
        ),
        ("a guest who is another", of(&other, &one), Refused::Claims),
        ("it ends before it begins", backwards, Refused::Time),
        ("more permissions than fit", many, Refused::Malformed),
        ("more than fits", long, Refused::Malformed),
    ]
    .map(|(name, claims, why)| (name.to_owned(), claims, why))
    .into()
}
