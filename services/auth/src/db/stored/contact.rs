//! What is sealed: contacts and links, with the tags of the contract's `UserContact` and
//! `OneTimeLink`, so that what is sealed in an event is what its contract says.

/// What a message to a user needs.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredContact {
    /// Where mail goes.
    #[prost(string, tag = "1")]
    pub email: String,
    /// How the user is addressed.
    #[prost(string, tag = "2")]
    pub display_name: String,
}

/// What a mail with a token says.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct StoredLink {
    /// What the token does, by its number in the contract.
    #[prost(int32, tag = "1")]
    pub kind: i32,
    /// The token.
    #[prost(string, tag = "2")]
    pub token: String,
    /// Where the mail goes.
    #[prost(string, tag = "3")]
    pub email: String,
    /// How the reader is addressed.
    #[prost(string, tag = "4")]
    pub display_name: String,
    /// The language to write in.
    #[prost(string, tag = "5")]
    pub locale: String,
    /// When the token ends.
    #[prost(message, optional, tag = "6")]
    pub expires: Option<prost_types::Timestamp>,
}
