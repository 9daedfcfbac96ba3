//! The statements of a journal, for the test that explains them.

use sqlx::PgConnection;

use crate::attempt::ANSWERS;
use crate::connection::{connect as connected, for_batches};
use crate::ledger::Ledger;
use crate::settings::Settings;
use crate::sql::{InvalidTable, Part, Parts, Statements, key_kinds};
use crate::store::Store;
use crate::value::Kind;

/// Connects as a writer does.
pub async fn connect(settings: &Settings) -> Result<PgConnection, sqlx::Error> {
    connected(&for_batches(&settings.database, "plans")).await
}

/// Lists every statement: a name, the text, and arguments to explain it with.
pub fn statements<L: Ledger>(
    store: &dyn Store<L>,
) -> Result<Vec<(String, String, String)>, InvalidTable> {
    let tables = store.tables();
    let statements = Statements::of(tables)?;
    let mut all = vec![(
        "answers".to_owned(),
        ANSWERS.to_owned(),
        empty(&[Kind::Uuid, Kind::Text, Kind::Text, Kind::Uuid]),
    )];
    for (at, table) in tables.iter().enumerate() {
        let of_keys = [
            ("lock", &statements.lock),
            ("read", &statements.read),
            ("held", &statements.held),
            ("blame", &statements.blame),
        ];
        for (name, texts) in of_keys {
            if let Some(text) = texts.get(at) {
                let name = format!("{name} {}", table.name);
                all.push((name, text.as_str().to_owned(), empty(&key_kinds(table))));
            }
        }
        for (name, part) in [("change", Part::Change(at)), ("add", Part::Add(at))] {
            let mut parts = Parts::default();
            let with = [part, Part::Facts, Part::Answers];
            let kinds: Vec<Kind> = with.iter().flat_map(|it| it.kinds(tables)).collect();
            with.into_iter().for_each(|it| parts.insert(it));
            let text = parts.statement(tables).as_str().to_owned();
            all.push((format!("{name} {}", table.name), text, empty(&kinds)));
        }
    }
    Ok(all)
}

/// As many empty arrays.
fn empty(kinds: &[Kind]) -> String {
    vec!["'{}'"; kinds.len()].join(", ")
}
