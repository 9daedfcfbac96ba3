//! Services as parts: replicas have ports of their own, everybody knows all of them, and the
//! settings are those that the chassis reads.

use chassis::service::{Around, Served as Serving, Service, Start, StartError, check};
use chassis::settings::{Environment, Reader, Secret, Url};

use super::{Surroundings, parts};
use crate::db::Address;
use crate::home::Home;
use crate::nats;
use crate::part::Part;
use crate::plan::{Ports, roles};
use crate::scratch::Scratch;
use crate::secrets::Secrets;
use crate::served::Served;
use crate::services::find;
use crate::settings::replicas;
use crate::token;

/// What a service with a database reads besides what the chassis does.
fn own_settings(reader: &mut Reader<'_>, _: &Around) -> Option<()> {
    let urls = ["DATABASE_URL", "LOG_URL", "SCAN_URL"]
        .map(|name| reader.required::<Secret<String>>(name).is_some());
    let nats: Option<Url> = reader.shared("NATS_URL", None);
    let peers: Option<Vec<Url>> = reader.shared("RETAIL_ORDER_URL", None);
    (urls == [true; 3] && nats.is_some() && peers?.len() == 3).then_some(())
}

async fn never(_: Start, (): ()) -> Result<Serving, StartError> {
    Ok(Serving::default())
}

fn catalog() -> Service {
    Service::new("catalog", own_settings, never)
}

fn of_two_replicas(scratch: &Scratch) -> Vec<Part> {
    let home = Home::open(scratch.path()).unwrap();
    token::prepare(&home).unwrap();
    let secrets = Secrets::complete(&home, &roles(), &nats::users()).unwrap();
    let served = Served {
        spec: find("catalog").unwrap(),
        service: catalog,
        migrations: None,
        verify: None,
    };
    let around = Surroundings {
        program: "retail".into(),
        home: &home,
        admin: &Address::of_stack(17_432, "postgres", "secret"),
        secrets: &secrets,
        nats: None,
        collector: Some("http://127.0.0.1:17417".to_owned()),
        ports: Ports { base: 17_400 },
        replicas: &replicas("catalog:2,order:3").unwrap(),
    };
    parts(&around, &served).unwrap()
}

#[test]
fn each_replica_has_a_name_and_a_port_of_its_own() {
    let parts = of_two_replicas(&Scratch::fresh());
    let known: Vec<(&str, u16, &str)> = parts
        .iter()
        .map(|it| (it.name.as_str(), it.port, it.group()))
        .collect();
    assert_eq!(
        known,
        [
            ("catalog", 17_402, "catalog"),
            ("catalog.2", 17_521, "catalog")
        ]
    );
}

#[test]
fn what_a_service_is_told_is_what_it_reads() {
    let scratch = Scratch::fresh();
    for part in of_two_replicas(&scratch) {
        let environment = Environment::from_iter(part.recipe.variables.clone());
        check(vec![catalog()], &environment).unwrap();
        let listen = part.recipe.variables["CATALOG_LISTEN"].clone();
        assert_eq!(listen, format!("127.0.0.1:{}", part.port));
        let peers = &part.recipe.variables["RETAIL_ORDER_URL"];
        assert_eq!(
            peers,
            "http://127.0.0.1:17405,http://127.0.0.1:17551,http://127.0.0.1:17552"
        );
        assert!(part.recipe.variables["CATALOG_DATABASE_URL"].contains("catalog_service:"));
    }
}
