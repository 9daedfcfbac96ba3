//! A small ledger that has one of everything: aggregates, merged facts, claims, counters.

use std::borrow::Cow;
use std::sync::LazyLock;

use chassis::fault::{Fault, Kind as FaultKind, Reason};
use journal::{
    Column, Decision, Kind, Ledger, Migrations, Noted, Range, Row, Store, Stream, Table,
    Unreadable, Value, World, schema,
};
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use uuid::Uuid;
use vocab::{Date, Moment};

const TABLES: &[Table] = &[
    Table::aggregate(
        "shelf",
        &[Column::new("sku", Kind::Text)],
        &[
            Column::new("on_hand", Kind::BigInt),
            Column::new("held", Kind::BigInt),
            Column::new("note", Kind::Json).nullable(),
        ],
    ),
    Table::aggregate(
        "hold",
        &[Column::new("id", Kind::Uuid)],
        &[
            Column::new("quantity", Kind::Int),
            Column::new("lines", Kind::SmallInt),
            Column::new("placed_at", Kind::Moment),
            Column::new("due", Kind::Date).nullable(),
            Column::new("is_open", Kind::Boolean),
            Column::new("mark", Kind::Bytes),
        ],
    ),
    Table::plain(
        "claim",
        &[Column::new("value", Kind::Text)],
        &[Column::new("holder", Kind::Text).nullable()],
    ),
    Table::plain(
        "counter",
        &[Column::new("name", Kind::Text)],
        &[Column::new("count", Kind::BigInt)],
    ),
];

const CREATE: &str = "
    CREATE TABLE shelf (
        tenant_id uuid NOT NULL, sku text NOT NULL, version bigint NOT NULL,
        recorded_at timestamptz NOT NULL, on_hand bigint NOT NULL, held bigint NOT NULL,
        note jsonb, PRIMARY KEY (tenant_id, sku),
        CONSTRAINT shelf_held_within_on_hand CHECK (held BETWEEN 0 AND on_hand));
    CREATE TABLE hold (
        tenant_id uuid NOT NULL, id uuid NOT NULL, version bigint NOT NULL,
        recorded_at timestamptz NOT NULL, quantity int NOT NULL, lines smallint NOT NULL,
        placed_at timestamptz NOT NULL, due date, is_open boolean NOT NULL, mark bytea NOT NULL,
        PRIMARY KEY (tenant_id, id));
    CREATE TABLE claim (
        tenant_id uuid NOT NULL, value text NOT NULL, holder text,
        PRIMARY KEY (tenant_id, value));
    CREATE TABLE counter (
        tenant_id uuid NOT NULL, name text NOT NULL, count bigint NOT NULL,
        PRIMARY KEY (tenant_id, name));
    DO $$
    DECLARE name text;
    BEGIN
        FOREACH name IN ARRAY ARRAY['shelf', 'hold', 'claim', 'counter'] LOOP
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
            EXECUTE format('CREATE POLICY announced ON %I TO retail_service USING (tenant_id = ANY
                ((SELECT string_to_array(nullif(current_setting(''app.tenants'', true), ''''),
                '','')::uuid[])::uuid[]))', name);
            EXECUTE format('CREATE POLICY log ON %I FOR SELECT TO retail_log USING (true)', name);
            EXECUTE format('GRANT SELECT, INSERT ON %I TO retail_service', name);
            EXECUTE format('GRANT SELECT ON %I TO retail_log', name);
        END LOOP;
    END $$;
    GRANT UPDATE (version, recorded_at, on_hand, held, note) ON shelf TO retail_service;
    GRANT UPDATE (version, recorded_at, quantity, lines, placed_at, due, is_open, mark)
        ON hold TO retail_service;
    GRANT UPDATE (holder) ON claim TO retail_service;
    GRANT UPDATE (count) ON counter TO retail_service";

static OWN: LazyLock<Migrator> = LazyLock::new(|| {
    let sql = CREATE.into_sql_str();
    let create = Migration::new(
        1,
        "create stockroom".into(),
        MigrationType::Simple,
        sql,
        false,
    );
    Migrator::with_migrations(vec![create])
});

/// The whole schema: the journal's and ours.
pub static SCHEMA: LazyLock<Migrator> =
    LazyLock::new(|| schema(&[Migrations::of(Range::Service, &OWN)]));

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Shelf(String),
    Hold(Uuid),
    Claim(String),
    Counter(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Shelf(Shelf),
    Hold(Hold),
    Claim(Option<String>),
    Counter(i64),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shelf {
    pub on_hand: i64,
    pub held: i64,
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub quantity: i32,
    pub lines: i16,
    pub placed_at: Moment,
    pub due: Option<Date>,
    pub open: bool,
    pub mark: Vec<u8>,
}

#[derive(Clone, Debug)]
pub enum Command {
    Stock(String, i64),
    Hold(Uuid, Vec<(String, i64)>),
    Release(Uuid, Vec<(String, i64)>),
    Claim(String, String),
    Count(String),
    /// Accepts without writing the absent key that it names.
    Careless(String),
    /// Looks at a key that it does not name.
    Stray(String),
    /// Panics while it is decided.
    Explode(String),
    /// Leads to a fact on which folding panics.
    Mine(String),
    /// Makes the row break a constraint.
    Spoil(String),
    /// Claims under no tenant.
    ClaimWorldwide(String, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    Stocked(String, i64),
    /// Several holds on one shelf, and how much is held after them.
    Held(String, Vec<(Uuid, i64)>, i64),
    Released(String, Uuid, i64),
    HoldPlaced(Uuid, i32, i16, Moment),
    HoldEnded(Uuid),
    Exploded(String),
    Spoiled(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Short(i64),
    Taken(String),
    Gone,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let reason = |name| Reason::new(FaultKind::Refused, "retail.stockroom", name);
        match refusal {
            Refusal::Short(available) => Fault::new(reason("SHORT"), "there is too little")
                .with("available", available.to_string()),
            Refusal::Taken(holder) => {
                Fault::new(reason("TAKEN"), "it is taken").with("holder", holder)
            }
            Refusal::Gone => Fault::new(reason("GONE"), "it is over"),
        }
    }
}

/// What was answered: a number, and the time of the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(pub i64, pub Moment);

impl journal::Key for Key {
    fn table(&self) -> usize {
        match self {
            Self::Shelf(_) => 0,
            Self::Hold(_) => 1,
            Self::Claim(_) => 2,
            Self::Counter(_) => 3,
        }
    }

    fn stream(&self) -> Option<Stream> {
        match self {
            Self::Shelf(sku) => Some(Stream::new("shelf", sku)),
            Self::Hold(id) => Some(Stream::new("hold", id)),
            Self::Claim(_) | Self::Counter(_) => None,
        }
    }

    fn is_global(&self) -> bool {
        matches!(self, Self::Claim(value) if value.starts_with("world:"))
    }
}

/// The ledger, and its store.
#[derive(Clone, Copy, Debug)]
pub struct Stockroom;

impl Ledger for Stockroom {
    type Key = Key;
    type State = State;
    type Command = Command;
    type Fact = Fact;
    type Answer = Answer;
    type Refusal = Refusal;

    fn keys(&self, command: &Command) -> Vec<Key> {
        match command {
            Command::Stock(sku, _)
            | Command::Careless(sku)
            | Command::Stray(sku)
            | Command::Explode(sku)
            | Command::Mine(sku)
            | Command::Spoil(sku) => vec![Key::Shelf(sku.clone())],
            Command::Hold(id, lines) | Command::Release(id, lines) => {
                let shelves = lines.iter().map(|(sku, _)| Key::Shelf(sku.clone()));
                shelves.chain([Key::Hold(*id)]).collect()
            }
            Command::Claim(value, _) => vec![Key::Claim(value.clone())],
            Command::ClaimWorldwide(value, _) => vec![Key::Claim(format!("world:{value}"))],
            Command::Count(name) => vec![Key::Counter(name.clone())],
        }
    }

    fn decide(
        &self,
        world: &World<'_, Self>,
        command: &Command,
        now: Moment,
    ) -> Result<Decision<Self>, Refusal> {
        let shelf = |sku: &String| match world.state(&Key::Shelf(sku.clone())) {
            Some(State::Shelf(shelf)) => shelf.clone(),
            _ => Shelf::default(),
        };
        match command {
            Command::Stock(sku, quantity) => {
                let key = Key::Shelf(sku.clone());
                assert_eq!(world.version(&key) > 0, world.state(&key).is_some());
                let answer = Answer(shelf(sku).on_hand + quantity, now);
                Ok(Decision::answer(answer).fact(Fact::Stocked(sku.clone(), *quantity)))
            }
            Command::Hold(id, lines) => hold(world, *id, lines, now),
            Command::Release(id, lines) => match world.state(&Key::Hold(*id)) {
                Some(State::Hold(hold)) if hold.open => {
                    let mut decision = Decision::answer(Answer(0, now)).fact(Fact::HoldEnded(*id));
                    for (sku, quantity) in lines {
                        let fact = Fact::Released(sku.clone(), *id, *quantity);
                        decision = decision.fact_at(fact, Moment::FIRST);
                    }
                    Ok(decision)
                }
                _ => Err(Refusal::Gone),
            },
            Command::Claim(value, holder) => claim(world, value.clone(), holder, now),
            Command::ClaimWorldwide(value, holder) => {
                claim(world, format!("world:{value}"), holder, now)
            }
            Command::Count(name) => {
                let key = Key::Counter(name.clone());
                let count = match world.state(&key) {
                    Some(State::Counter(count)) => count + 1,
                    _ => 1,
                };
                Ok(Decision::answer(Answer(count, now)).keep(key, State::Counter(count)))
            }
            Command::Careless(sku) => Ok(Decision::answer(Answer(shelf(sku).on_hand, now))),
            Command::Stray(_) => Ok(Decision::answer(Answer(shelf(&"other".into()).held, now))),
            Command::Explode(_) => panic!("decided to explode"),
            Command::Mine(sku) => {
                Ok(Decision::answer(Answer(0, now)).fact(Fact::Exploded(sku.clone())))
            }
            Command::Spoil(sku) => {
                Ok(Decision::answer(Answer(0, now)).fact(Fact::Spoiled(sku.clone())))
            }
        }
    }

    fn evolve(&self, state: Option<State>, fact: &Fact) -> State {
        let mut shelf = match &state {
            Some(State::Shelf(shelf)) => shelf.clone(),
            _ => Shelf::default(),
        };
        match fact {
            Fact::Stocked(_, quantity) => {
                shelf.on_hand += quantity;
                shelf.note = Some(format!("{{\"b\": 1, \"a\": {quantity}}}"));
            }
            Fact::Held(_, holds, _) => shelf.held += holds.iter().map(|it| it.1).sum::<i64>(),
            Fact::Released(_, _, quantity) => shelf.held -= quantity,
            Fact::Spoiled(_) => shelf.held = -1,
            Fact::Exploded(_) => panic!("a fact that explodes"),
            Fact::HoldPlaced(_, quantity, lines, at) => {
                return State::Hold(Hold {
                    quantity: *quantity,
                    lines: *lines,
                    placed_at: *at,
                    due: (*lines > 1).then(|| at.utc_date()),
                    open: true,
                    mark: vec![0, 255],
                });
            }
            Fact::HoldEnded(_) => match state {
                Some(State::Hold(hold)) => {
                    return State::Hold(Hold {
                        open: false,
                        ..hold
                    });
                }
                _ => panic!("a hold that never was"),
            },
        }
        State::Shelf(shelf)
    }

    fn subject(&self, fact: &Fact) -> Key {
        match fact {
            Fact::Stocked(sku, _)
            | Fact::Held(sku, ..)
            | Fact::Released(sku, ..)
            | Fact::Exploded(sku)
            | Fact::Spoiled(sku) => Key::Shelf(sku.clone()),
            Fact::HoldPlaced(id, ..) | Fact::HoldEnded(id) => Key::Hold(*id),
        }
    }

    fn merges(&self, fact: &Fact) -> bool {
        matches!(fact, Fact::Held(..) | Fact::Stocked(..))
    }

    fn merge(&self, earlier: &mut Fact, later: &Fact) -> bool {
        match (earlier, later) {
            (Fact::Held(_, holds, after), Fact::Held(_, more, then)) => {
                holds.extend_from_slice(more);
                *after = *then;
                true
            }
            (Fact::Stocked(_, quantity), Fact::Stocked(_, more)) => {
                *quantity += more;
                true
            }
            _ => false,
        }
    }

    fn agrees(&self, fact: &Fact, state: &State) -> bool {
        match (fact, state) {
            (Fact::Held(_, _, after), State::Shelf(shelf)) => shelf.held == *after,
            _ => true,
        }
    }
}

fn hold(
    world: &World<'_, Stockroom>,
    id: Uuid,
    lines: &[(String, i64)],
    now: Moment,
) -> Result<Decision<Stockroom>, Refusal> {
    if world.state(&Key::Hold(id)).is_some() {
        return Err(Refusal::Taken(id.to_string()));
    }
    let total: i64 = lines.iter().map(|it| it.1).sum();
    let placed = Fact::HoldPlaced(id, total as i32, lines.len() as i16, now);
    let mut decision = Decision::answer(Answer(total, now)).fact(placed);
    for (at, (sku, quantity)) in lines.iter().enumerate() {
        let before = lines[..at].iter().filter(|it| it.0 == *sku);
        let before: i64 = before.map(|it| it.1).sum();
        let Some(State::Shelf(shelf)) = world.state(&Key::Shelf(sku.clone())) else {
            return Err(Refusal::Short(0));
        };
        let held = shelf.held + before;
        if shelf.on_hand - held < *quantity {
            return Err(Refusal::Short(shelf.on_hand - held));
        }
        let after = held + quantity;
        let held = Fact::Held(sku.clone(), vec![(id, *quantity)], after);
        decision.facts.push(Noted {
            fact: held,
            effective_at: BACKDATED.contains(&id.as_u128()).then_some(Moment::FIRST),
        });
    }
    Ok(decision)
}

/// Holds that were placed long ago.
pub const BACKDATED: std::ops::Range<u128> = 990_000..991_000;

fn claim(
    world: &World<'_, Stockroom>,
    value: String,
    holder: &str,
    now: Moment,
) -> Result<Decision<Stockroom>, Refusal> {
    let key = Key::Claim(value);
    match world.state(&key) {
        Some(State::Claim(Some(other))) if other != holder => Err(Refusal::Taken(other.clone())),
        _ => {
            let claimed = State::Claim(Some(holder.to_owned()));
            Ok(Decision::answer(Answer(0, now)).keep(key, claimed))
        }
    }
}

impl Store<Stockroom> for Stockroom {
    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn key(&self, key: &Key) -> Vec<Value> {
        vec![match key {
            Key::Shelf(text) | Key::Claim(text) | Key::Counter(text) => Value::from(text.as_str()),
            Key::Hold(id) => Value::from(*id),
        }]
    }

    fn encode(&self, _key: &Key, state: &State) -> Vec<Value> {
        match state {
            State::Shelf(shelf) => vec![
                Value::from(shelf.on_hand),
                Value::from(shelf.held),
                shelf.note.as_ref().map_or(Value::Null, |it| {
                    let text: String = it.chars().filter(|it| !it.is_whitespace()).collect();
                    let sorted = text
                        .contains("\"b\":1,")
                        .then(|| text.replace("\"b\":1,", ""));
                    Value::json(sorted.map_or(text, |it| it.replace('}', ",\"b\":1}")))
                }),
            ],
            State::Hold(hold) => vec![
                Value::from(hold.quantity),
                Value::from(hold.lines),
                Value::from(hold.placed_at),
                Value::from(hold.due),
                Value::from(hold.open),
                Value::from(hold.mark.clone()),
            ],
            State::Claim(holder) => vec![Value::from(holder.clone())],
            State::Counter(count) => vec![Value::from(*count)],
        }
    }

    fn decode(&self, key: &Key, row: &mut Row) -> Result<State, Unreadable> {
        Ok(match key {
            Key::Shelf(_) => State::Shelf(Shelf {
                on_hand: row.bigint()?,
                held: row.bigint()?,
                note: row.optional_json()?,
            }),
            Key::Hold(_) => State::Hold(Hold {
                quantity: row.int()?,
                lines: row.smallint()?,
                placed_at: row.moment()?,
                due: row.optional_date()?,
                open: row.boolean()?,
                mark: row.bytes()?,
            }),
            Key::Claim(_) => State::Claim(row.optional_text()?),
            Key::Counter(_) => State::Counter(row.bigint()?),
        })
    }

    fn fact(&self, fact: &Fact) -> (Cow<'static, str>, Vec<u8>) {
        let (kind, text) = match fact {
            Fact::Stocked(sku, quantity) => ("stocked", format!("{sku} {quantity}")),
            Fact::Held(sku, holds, after) => {
                let holds = holds
                    .iter()
                    .map(|(id, quantity)| format!(" {id} {quantity}"));
                (
                    "held",
                    format!("{sku} {after}{}", holds.collect::<String>()),
                )
            }
            Fact::Released(sku, id, quantity) => ("released", format!("{sku} {id} {quantity}")),
            Fact::HoldPlaced(id, quantity, lines, at) => (
                "hold_placed",
                format!("{id} {quantity} {lines} {}", at.micros()),
            ),
            Fact::HoldEnded(id) => ("hold_ended", id.to_string()),
            Fact::Exploded(sku) => ("exploded", sku.clone()),
            Fact::Spoiled(sku) => ("spoiled", sku.clone()),
        };
        (Cow::Borrowed(kind), text.into_bytes())
    }

    fn read_fact(&self, kind: &str, payload: &[u8]) -> Result<Fact, Unreadable> {
        let text = str::from_utf8(payload).map_err(Unreadable::because)?;
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or_else(|| Unreadable::because("too short"));
        Ok(match kind {
            "stocked" => Fact::Stocked(word()?.to_owned(), number(word()?)?),
            "held" => {
                let (sku, after) = (word()?.to_owned(), number(word()?)?);
                let mut holds = Vec::new();
                while let Ok(id) = word() {
                    holds.push((id.parse().map_err(Unreadable::because)?, number(word()?)?));
                }
                Fact::Held(sku, holds, after)
            }
            "released" => {
                let (sku, id) = (word()?.to_owned(), word()?);
                let id = id.parse().map_err(Unreadable::because)?;
                Fact::Released(sku, id, number(word()?)?)
            }
            "hold_placed" => {
                let id = word()?.parse().map_err(Unreadable::because)?;
                let (quantity, lines) = (number(word()?)? as i32, number(word()?)? as i16);
                let at = Moment::from_micros(number(word()?)?).map_err(Unreadable::because)?;
                Fact::HoldPlaced(id, quantity, lines, at)
            }
            "hold_ended" => Fact::HoldEnded(word()?.parse().map_err(Unreadable::because)?),
            other => return Err(Unreadable::because(format!("no kind {other}"))),
        })
    }

    fn answer(&self, answer: &Answer) -> Vec<u8> {
        format!("{} {}", answer.0, answer.1.micros()).into_bytes()
    }

    fn read_answer(&self, bytes: &[u8]) -> Result<Answer, Unreadable> {
        let text = str::from_utf8(bytes).map_err(Unreadable::because)?;
        let (value, micros) = text
            .split_once(' ')
            .ok_or(Unreadable::because("no answer"))?;
        let at = Moment::from_micros(number(micros)?).map_err(Unreadable::because)?;
        Ok(Answer(number(value)?, at))
    }

    fn refusal(&self, refusal: &Refusal) -> Option<Vec<u8>> {
        Some(match refusal {
            Refusal::Short(available) => format!("short {available}").into_bytes(),
            Refusal::Taken(holder) => format!("taken {holder}").into_bytes(),
            Refusal::Gone => b"gone".to_vec(),
        })
    }

    fn read_refusal(&self, bytes: &[u8]) -> Result<Refusal, Unreadable> {
        let text = str::from_utf8(bytes).map_err(Unreadable::because)?;
        match text.split_once(' ') {
            Some(("short", available)) => Ok(Refusal::Short(number(available)?)),
            Some(("taken", holder)) => Ok(Refusal::Taken(holder.to_owned())),
            _ => Ok(Refusal::Gone),
        }
    }
}

fn number(text: &str) -> Result<i64, Unreadable> {
    text.parse().map_err(Unreadable::because)
}
