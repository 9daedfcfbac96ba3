//! The Postgres of a stack: its folder of data, its configuration, and how it is started.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::db::Address;
use crate::home::{Home, folder};
use crate::machine::stack::{self, POSTGRES};
use crate::part::{Part, Recipe};
use crate::probe::Probe;
use crate::programs::{self, Lodging};

/// The role that may do everything; it makes roles and databases, and serves nobody.
pub const SUPERUSER: &str = "postgres";

/// The configuration that every way to run shares.
const FILES: [(&str, &str); 2] = [
    (
        "postgresql.conf",
        include_str!("../../../deploy/postgres/postgresql.conf"),
    ),
    (
        "pg_hba.conf",
        include_str!("../../../deploy/postgres/pg_hba.conf"),
    ),
];

/// Returns the part.
pub fn part(home: &Home, lodging: &Lodging, admin: &Address) -> Part {
    let file = |name: &str| lodging.folder.join(name).display().to_string();
    let options = [
        ("config_file", file("postgresql.conf")),
        ("hba_file", file("pg_hba.conf")),
        ("listen_addresses", admin.host.clone()),
        ("port", admin.port.to_string()),
        ("cluster_name", stack::cluster(home.path())),
    ];
    let mut arguments = vec!["-D".to_owned(), file("data")];
    for (name, value) in options {
        arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
    }
    let recipe = recipe(lodging, "postgres", arguments);
    let whom = lodging.user.map_or("", |_| " (runs as nobody)");
    let data = lodging.folder.strip_prefix(home.path());
    let data = data.map_or_else(|_| file(""), |it| it.display().to_string());
    Part {
        name: POSTGRES.to_owned(),
        recipe,
        port: admin.port,
        probe: Probe::Postgres(admin.url(SUPERUSER)),
        about: format!("data in {}{whom}", data.trim_end_matches('/')),
    }
}

/// Writes the configuration and, once, makes the folder of data.
pub fn prepare(lodging: &Lodging, password: &str) -> Result<()> {
    for (name, text) in FILES {
        let path = lodging.folder.join(name);
        let write = || {
            fs::write(&path, text)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644))
        };
        write().with_context(|| format!("write {}", path.display()))?;
    }
    let data = lodging.folder.join("data");
    if data.join("PG_VERSION").exists() {
        return Ok(());
    }
    make_cluster(lodging, &data, password)
}

/// Runs `initdb` in a draft, so that one that was interrupted is none.
fn make_cluster(lodging: &Lodging, data: &Path, password: &str) -> Result<()> {
    let draft = lodging.folder.join("data.draft");
    if draft.exists() {
        fs::remove_dir_all(&draft).with_context(|| format!("remove {}", draft.display()))?;
    }
    folder(&draft, 0o700)?;
    chown(&draft, lodging.user, lodging.user)?;
    let secret = lodging.folder.join("password");
    let wrote = fs::write(&secret, "");
    let wrote =
        wrote.and_then(|()| fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)));
    let wrote = wrote.and_then(|()| fs::write(&secret, password));
    wrote.and_then(|()| chown(&secret, lodging.user, lodging.user))?;
    let text = |path: &Path| path.display().to_string();
    let mut arguments = vec!["-D".to_owned(), text(&draft)];
    arguments.extend(["--pwfile".to_owned(), text(&secret)]);
    let options = [
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
    ];
    arguments.extend(options.map(str::to_owned));
    let output = recipe(lodging, "initdb", arguments)
        .command()
        .current_dir("/")
        .output();
    fs::remove_file(&secret).with_context(|| format!("remove {}", secret.display()))?;
    let output = output.context("start initdb")?;
    if !output.status.success() {
        bail!("initdb: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    fs::rename(&draft, data).with_context(|| format!("make {}", data.display()))
}

fn recipe(lodging: &Lodging, program: &str, arguments: Vec<String>) -> Recipe {
    Recipe {
        program: programs::postgres(&lodging.programs, program),
        arguments,
        variables: BTreeMap::new(),
        inherits: false,
        user: lodging.user,
    }
}
