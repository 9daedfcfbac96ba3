//! The connection to the broker that a service keeps.
//!
//! **Invariant:** answers reach a service under an inbox prefix of its own, so that no service can
//! be allowed to read what another is answered.

use async_nats::{ConnectError, ConnectOptions, Event};

/// Connects as a service, or as whoever the URL names, and keeps connecting for ever.
pub async fn connect(url: &str, service: &str) -> Result<async_nats::Client, ConnectError> {
    options(url, service)
        .retry_on_initial_connect()
        .connect(url)
        .await
}

/// The options of a connection, for callers who want to know at once that nobody answers.
pub fn options(url: &str, name: &str) -> ConnectOptions {
    let options = ConnectOptions::new()
        .name(name)
        .custom_inbox_prefix(format!("_INBOX_{name}"))
        .event_callback(async |event| tell(&event));
    // The client does not take them out of the URL by itself.
    match credentials(url) {
        Some((user, password)) => options.user_and_password(user.to_owned(), password.to_owned()),
        None => options,
    }
}

/// Tells of what happens to a connection. The broker's refusals come as events alone.
fn tell(event: &Event) {
    match event {
        Event::Connected => tracing::info!("connected to the broker"),
        Event::ServerError(error) => {
            tracing::error!(error = %error, "the broker refuses");
        }
        other => tracing::warn!(event = %other, "the connection to the broker changed"),
    }
}

/// The user and the password of `nats://user:password@host:port`.
fn credentials(url: &str) -> Option<(&str, &str)> {
    let (_, rest) = url.split_once("://")?;
    let (credentials, _) = rest.rsplit_once('@')?;
    credentials.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::credentials;

    #[test]
    fn who_connects_stands_in_the_url() {
        let url = "nats://provisioner:secret@127.0.0.1:17422";
        assert_eq!(credentials(url), Some(("provisioner", "secret")));
        assert_eq!(credentials("nats://127.0.0.1:17422"), None);
    }
}
