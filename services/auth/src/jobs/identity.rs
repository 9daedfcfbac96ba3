//! The token that auth shows to those it asks, exchanged well before it ends.

use std::time::Duration;

use chassis::client::Credentials;
use chassis::fault::{Fault, chain};
use chassis::settings::Secret;
use chassis::tasks::TaskResult;
use tokio::time::sleep;

use crate::app::App;

/// How soon it is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// A token is used for at least so long.
const LEAST: Duration = Duration::from_millis(500);

/// Exchanges it for ever.
pub async fn keep_identity(app: App, credentials: Credentials) -> TaskResult {
    loop {
        let pause = match exchange(&app, &credentials).await {
            Ok(life) => (life / 2).max(LEAST),
            Err(fault) => {
                tracing::warn!(error = chain(&fault), "no token of our own");
                AGAIN
            }
        };
        sleep(pause).await;
    }
}

/// Signs another token, and says how long it works.
async fn exchange(app: &App, credentials: &Credentials) -> Result<Duration, Fault> {
    let issued = app.own_token().await?;
    let token = Secret::new(issued.access_token);
    credentials.replace(&token).map_err(Fault::bug)?;
    Ok(app.life())
}
