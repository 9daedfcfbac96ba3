//! The command line.

use clap::{Args, Parser, Subcommand};

use crate::token::{Role, TENANT};

/// Serves Retail Mesh, runs the whole stack on this machine, and calls it.
#[derive(Debug, Parser)]
#[command(name = "retail", version)]
pub struct Line {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the stack and wait until it is ready
    Up(Up),
    /// End the stack; the data stays
    Down,
    /// Show what runs; exit code 3 if anything is down
    Ps {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the lines of all parts, or of one
    Logs(Logs),
    /// Restart a service, a server or one replica
    Restart {
        /// Its name, as `ps` shows it
        part: String,
    },
    /// Look at the machine and name all that is wrong; exit code 2 if anything is
    Doctor,
    /// Bring the databases to their newest schemas
    Migrate {
        /// These services alone
        services: Vec<String>,
    },
    /// Serve services in this process
    Serve {
        /// Their names, or `all`
        #[arg(required = true)]
        services: Vec<String>,
    },
    /// Print a token of development
    Token {
        /// What it allows
        #[arg(long, value_enum, default_value = "admin")]
        role: Role,
        /// The tenant: `ten_…`, or a word that always means the same one
        #[arg(long, default_value = TENANT)]
        tenant: String,
    },
    /// Call an rpc; without a method list all, without data show an example
    Call(Call),
    /// Print where traces are shown
    Traces,
    /// Fold every stream anew and compare it with what is stored; exit code 1 on any difference
    Verify {
        /// This service alone
        service: Option<String>,
    },
    /// The process that `up` starts
    #[command(hide = true)]
    Supervise,
}

/// What `up` may be told.
#[derive(Debug, Args)]
pub struct Up {
    /// Stay, show the lines of all parts, and end the stack on Ctrl-C
    #[arg(long)]
    pub foreground: bool,
    /// `REPLICAS=catalog:2`: how many processes a service has
    #[arg(value_name = "REPLICAS=service:count,…")]
    pub replicas: Option<String>,
}

/// Which lines `logs` shows.
#[derive(Debug, Args)]
pub struct Logs {
    /// Those of this part alone
    pub part: Option<String>,
    /// Those to come too
    #[arg(short, long)]
    pub follow: bool,
    /// Those of this trace alone
    #[arg(long)]
    pub trace: Option<String>,
}

/// What `call` sends, and where.
#[derive(Debug, Args)]
pub struct Call {
    /// `retail.catalog.v1.CatalogService/GetProduct`
    pub method: Option<String>,
    /// The request as JSON
    pub data: Option<String>,
    /// Another address than that of the stack
    #[arg(long)]
    pub address: Option<String>,
    /// Another token than that of the stack; empty for none
    #[arg(long)]
    pub token: Option<String>,
}
