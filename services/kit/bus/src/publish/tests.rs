//! What the bus adds to a message.

use contracts::common::{ActorType, EventMetadata};
use journal::{Actor, Recorded};
use prost::Message as _;
use vocab::{Id, Moment};

use super::{Message, Publish, Unpublishable, headers, outgoing};

/// The shape of every published envelope.
#[derive(Clone, PartialEq, prost::Message)]
struct Envelope {
    #[prost(message, optional, tag = "1")]
    metadata: Option<EventMetadata>,
    #[prost(string, tag = "10")]
    text: String,
}

/// Publishes each fact as so many messages.
struct Parts(usize);

impl Publish for Parts {
    fn context(&self) -> &'static str {
        "note"
    }

    fn publish(&self, recorded: &Recorded) -> Result<Vec<Message>, Unpublishable> {
        let envelope = Envelope {
            metadata: None,
            text: recorded.kind.clone(),
        };
        let kind = "retail.note.v1.NoteWritten";
        let message = Message::new(kind, "NoteEvent", "note_written", &envelope);
        Ok(vec![message; self.0])
    }
}

fn recorded() -> Recorded {
    let at = Moment::from_micros(1_800_000_000_000_001).unwrap();
    Recorded {
        position: 7,
        xid: 700,
        tenant: Id::at(1, [1; 10]),
        stream_kind: "note".to_owned(),
        stream_id: "prd_x-loc_y".to_owned(),
        version: 3,
        event_id: Id::at(2, [2; 10]),
        kind: "NoteWritten".to_owned(),
        payload: Vec::new().into(),
        actor: Actor {
            kind: ActorType::Service,
            id: "order".to_owned(),
        },
        method: "retail.note.v1.NoteService/WriteNote".to_owned(),
        request_id: None,
        correlation_id: "chain".to_owned(),
        causation_id: String::new(),
        reason: String::new(),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        effective_at: at,
        recorded_at: at,
    }
}

#[test]
fn a_message_carries_its_metadata_in_front_of_what_the_owner_wrote() {
    let recorded = recorded();
    let sent = outgoing(&Parts(1), &recorded, 2).unwrap().remove(0);
    let read = Envelope::decode(sent.payload.clone()).unwrap();
    assert_eq!(read.text, "NoteWritten");
    assert_eq!(read.metadata, Some(sent.metadata.clone()));
    let metadata = sent.metadata;
    assert_eq!((metadata.part, metadata.parts, metadata.history), (1, 1, 2));
    assert_eq!(metadata.aggregate_version, 3);
    assert_eq!(sent.message_id, recorded.event_id.to_string());
    let tenant = recorded.tenant;
    let subject = format!("retail.v1.{tenant}.note.note_written.prd_x-loc_y");
    assert_eq!(sent.subject, subject);
}

#[test]
fn parts_have_names_of_their_own() {
    let sent = outgoing(&Parts(2), &recorded(), 1).unwrap();
    let ids: Vec<_> = sent.iter().map(|it| it.message_id.clone()).collect();
    let id = recorded().event_id;
    assert_eq!(ids, [format!("{id}.1"), format!("{id}.2")]);
    assert!(sent.iter().all(|it| it.metadata.parts == 2));
}

#[test]
fn the_headers_are_those_that_tools_route_by_and_the_chain() {
    let sent = outgoing(&Parts(1), &recorded(), 1).unwrap().remove(0);
    let headers = headers(&sent, "note", Some(41));
    let shown = |name: &str| headers.get(name).map(|it| it.as_str().to_owned());
    let expected = [
        ("Nats-Expected-Last-Sequence", "41"),
        ("Nats-Msg-Id", sent.message_id.as_str()),
        ("ce-specversion", "1.0"),
        ("ce-source", "/retail/note"),
        ("ce-type", "retail.note.v1.NoteWritten"),
        ("ce-time", "2027-01-15T08:00:00.000001Z"),
        ("content-type", "application/protobuf"),
        ("traceparent", &sent.metadata.traceparent),
    ];
    for (name, value) in expected {
        assert_eq!(shown(name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn what_cannot_be_part_of_a_subject_is_not_published() {
    for id in ["", "a.b", "a*", ">", "a b", "ä"] {
        let recorded = Recorded {
            stream_id: id.to_owned(),
            ..recorded()
        };
        let refused = outgoing(&Parts(1), &recorded, 1).unwrap_err();
        assert_eq!(refused, Unpublishable::Subject(id.to_owned()));
    }
}

#[test]
fn a_fact_becomes_at_least_one_message() {
    let refused = outgoing(&Parts(0), &recorded(), 1);
    assert_eq!(refused, Err(Unpublishable::Parts(0)));
}
