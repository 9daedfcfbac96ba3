//! What `up` leaves on the screen: where things are, and lines to copy.

use anyhow::Result;

use crate::endpoints::Endpoints;
use crate::home::Home;
use crate::print::say;
use crate::stand_in;

/// Prints where the stack listens and what to try.
pub fn print(home: &Home) -> Result<()> {
    let endpoints = Endpoints::of(home).unwrap_or_default();
    say("")?;
    for (what, line) in table(&endpoints, home) {
        say(&format!("  {what:<13} {line}"))?;
    }
    say("")?;
    for (at, line) in tries(&endpoints).iter().enumerate() {
        let opening = if at == 0 { "Try:" } else { "" };
        say(&format!("  {opening:<5} {line}"))?;
    }
    Ok(())
}

fn table(endpoints: &Endpoints, home: &Home) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    if let Some(address) = &endpoints.gateway {
        let what = "gRPC (all services, reflection) · REST · gRPC-Web · console";
        lines.push(("one address".to_owned(), format!("{address}   {what}")));
    }
    for (service, addresses) in &endpoints.services {
        lines.push((
            service.clone(),
            format!("{}   gRPC, reflection", addresses.join(" ")),
        ));
    }
    if !endpoints.services.contains_key(stand_in::STORE) {
        let each = stand_in::locations().map(|(code, id)| format!("{id} ({code})"));
        let told = each.collect::<Vec<_>>().join(" ");
        lines.push(("locations".to_owned(), told));
    }
    if let Some(url) = &endpoints.traces {
        lines.push(("traces".to_owned(), url.clone()));
    }
    let files = format!(
        "{} (addresses, for programs)",
        home.join("endpoints.env").display()
    );
    lines.push(("endpoints".to_owned(), files));
    lines
}

/// Lines that work as they are.
fn tries(endpoints: &Endpoints) -> Vec<String> {
    let mut lines = Vec::new();
    let first = endpoints.services.values().flatten().next();
    if let Some(address) = endpoints.gateway.as_ref().or(first) {
        lines.push(format!("grpcurl -plaintext {address} list"));
        lines.push("make call          (lists every method; with M=… it calls one)".to_owned());
    }
    lines.push("make ps            (what runs, and how it is)".to_owned());
    lines.push("make logs          (S=nats for one part)".to_owned());
    lines.push("make down          (keeps the data; make up brings it back)".to_owned());
    lines
}
