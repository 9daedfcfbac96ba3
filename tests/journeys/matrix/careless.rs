//! A small service with owners, careful or not: what the matrix of owners says of it shows that the
//! matrix sees, whatever the services of this build have.

use std::collections::BTreeMap;
use std::io::sink;
use std::sync::Mutex;

use chassis::call::{Call, Owner};
use chassis::fault::Fault;
use chassis::service::{Host, Running, Served, Service, StartError};
use chassis::settings::Environment;
use chassis::token::Signer;
use contracts::notification as pb;
use contracts::notification::device_service_server::{DeviceService, DeviceServiceServer};
use tonic::{Request, Response, Status};
use vocab::{Clock, CustomerId, DeviceId};

use super::example::{Examples, word};
use super::owners::Beyond;
use super::seeds::Seeded;
use super::surface::Surface;
use super::wire::Way;

/// Devices by id, and whose they are.
struct Devices {
    careful: bool,
    known: Mutex<BTreeMap<String, (CustomerId, pb::Device)>>,
}

impl Devices {
    /// Opens a request, or forgets to.
    fn opened<M>(&self, request: Request<M>) -> Result<(Option<Call>, M), Fault>
    where
        M: contracts::mask::Input + prost::Message,
    {
        if self.careful {
            let (call, message) = Call::open(request)?;
            return Ok((Some(call), message));
        }
        Ok((None, request.into_inner()))
    }
}

#[tonic::async_trait]
impl DeviceService for Devices {
    async fn register_device(
        &self,
        request: Request<pb::RegisterDeviceRequest>,
    ) -> Result<Response<pb::RegisterDeviceResponse>, Status> {
        let (_, message) = self.opened(request)?;
        let device = message.device;
        Ok(Response::new(pb::RegisterDeviceResponse { device }))
    }

    async fn list_devices(
        &self,
        request: Request<pb::ListDevicesRequest>,
    ) -> Result<Response<pb::ListDevicesResponse>, Status> {
        let (_, message) = self.opened(request)?;
        let known = self.known.lock().unwrap();
        let own = known
            .values()
            .filter(|(owner, _)| owner.to_string() == message.customer_id);
        Ok(Response::new(pb::ListDevicesResponse {
            devices: own.map(|(_, device)| device.clone()).collect(),
            next_page_token: String::new(),
        }))
    }

    async fn remove_device(
        &self,
        request: Request<pb::RemoveDeviceRequest>,
    ) -> Result<Response<pb::RemoveDeviceResponse>, Status> {
        let (call, message) = self.opened(request)?;
        let known = self.known.lock().unwrap();
        let id = message.device_id;
        let missing = || Fault::missing("device", id.clone());
        let (owner, device) = known.get(&id).ok_or_else(missing)?;
        let sees = call.is_none_or(|it| it.may_see_owner(&[Owner::Customer(*owner)]));
        let device = sees.then(|| device.clone()).ok_or_else(missing)?;
        Ok(Response::new(pb::RemoveDeviceResponse {
            device: Some(device),
        }))
    }
}

/// Serves devices of a customer, asks beyond every scope, and returns what was found.
async fn found(careful: bool) -> Vec<String> {
    let (owner, mark) = (CustomerId::at(1, [7; 10]), word());
    let id = DeviceId::at(1, [7; 10]).to_string();
    let device = pb::Device {
        device_id: id.clone(),
        display_name: mark.clone(),
        ..pb::Device::default()
    };
    let service = Service::new(
        "notification",
        |_, _| Some(()),
        async move |_, ()| {
            let devices = Devices {
                careful,
                known: Mutex::new([(device.device_id.clone(), (owner, device))].into()),
            };
            Ok::<_, StartError>(Served::default().with(DeviceServiceServer::new(devices)))
        },
    );
    let signer = Signer::for_development().unwrap();
    let keys = std::env::temp_dir().join(format!("careless-{}.json", signer.public().kid));
    std::fs::write(&keys, serde_json::to_vec(&signer.jwks()).unwrap()).unwrap();
    let environment = Environment::from_iter([
        ("RETAIL_PROFILE", "dev".to_owned()),
        ("RETAIL_TOKEN_KEYS_FILE", keys.display().to_string()),
        ("NOTIFICATION_LISTEN", "127.0.0.1:0".to_owned()),
    ]);
    let host = Host {
        environment: &environment,
        clock: Clock::system(),
        lines: &|| Box::new(sink()),
    };
    let running = Running::start(vec![service], &host).await.unwrap();
    let surface = Surface::read();
    let mut rpcs = surface.of(&["notification"]);
    rpcs.retain(|it| it.name.contains("DeviceService"));
    let seeded = Seeded {
        ids: [("cus", owner.to_string()), ("dev", id)]
            .map(|(prefix, id)| (prefix.to_owned(), id))
            .into(),
        mark,
    };
    let beyond = Beyond {
        examples: &Examples::of(&surface.pool),
        service: ("notification", &[]),
        signer: &signer,
        seeded: &seeded,
    };
    let way = Way::Memory(running.edge("notification").unwrap());
    let (judged, found) = beyond.judge(&way, &rpcs).await;
    assert!(judged >= rpcs.len(), "{judged} judged");
    running.end().await.unwrap();
    std::fs::remove_file(keys).unwrap();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_forgets_whose_things_are_is_found() {
    assert_eq!(found(true).await, Vec::<String>::new());
    let careless = found(false).await.join("\n");
    for rpc in ["RegisterDevice", "ListDevices", "RemoveDevice"] {
        assert!(careless.contains(rpc), "{rpc} in {careless}");
    }
}
