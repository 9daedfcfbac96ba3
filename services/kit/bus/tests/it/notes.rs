//! A context made up for these tests: notes, whose facts are texts.

use bus::{Message, Publish, Unpublishable};
use contracts::common::EventMetadata;
use journal::Recorded;

/// The envelope of notes.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NoteEvent {
    /// Who, what, when, why.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<EventMetadata>,
    /// The text that was written.
    #[prost(string, tag = "10")]
    pub text: String,
}

/// Publishes notes: a fact of the kind `pair` becomes two messages, any other one.
pub struct Notes(pub &'static str);

impl Publish for Notes {
    fn context(&self) -> &'static str {
        self.0
    }

    fn publish(&self, recorded: &Recorded) -> Result<Vec<Message>, Unpublishable> {
        let text = String::from_utf8(recorded.payload.to_vec())
            .map_err(|error| Unpublishable::Unreadable(error.to_string()))?;
        let event = NoteEvent {
            metadata: None,
            text,
        };
        let kind = "retail.note.v1.NoteWritten";
        let message = Message::new(kind, "retail.note.v1.NoteEvent", "note_written", &event);
        let parts = if recorded.kind == "pair" { 2 } else { 1 };
        Ok(vec![message; parts])
    }
}
