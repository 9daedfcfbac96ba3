//! One round: every contestant once, each on a fresh database, one after the other.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chassis::token::Signer;

use crate::bed::Bed;
use crate::collector::Collector;
use crate::doors::client::{Local, Reader, Remote, Tokens};
use crate::doors::handlers::Product;
use crate::doors::{Doors, Echo, Watched, shop_tokens};
use crate::load::{Run, Target, closed};
use crate::order::{Draw, Mix, World};
use crate::process::Process;
use crate::processor::Used;
use crate::proof::{Proof, Tables};
use crate::rivals::raw::{self, Sender};
use crate::rivals::tiny::Tiny;
use crate::rivals::usual::Usual;
use crate::rows::{self, Rows};
use crate::sample::{Sample, Samples};

/// How many callers read products: the edge serves so many reads at a time.
const READERS: usize = 64;
/// How often tracing is turned on and off in a round.
const TURNS: usize = 2;
/// How often the collector is asked.
const SPANS_EVERY: Duration = Duration::from_millis(20);
/// How long spans may take to arrive at the collector.
const SPANS_WITHIN: Duration = Duration::from_secs(5);

/// All that the rounds share.
pub struct Rounds {
    /// The server.
    pub bed: Bed,
    /// The shelves.
    pub world: Arc<World>,
    /// What was measured.
    pub samples: Samples,
    /// How long one measurement takes.
    pub phase: Duration,
    /// Who vouches for callers.
    pub signer: Signer,
    /// What callers show.
    pub tokens: Tokens,
    /// What is read.
    pub product: Product,
    /// Facts that were folded anew and found right.
    pub verified: u64,
    /// Draws begun, so that no two are alike.
    seed: u64,
}

impl Rounds {
    /// Prepares them.
    pub async fn prepare(phase: Duration, more: &[(&str, &str)]) -> anyhow::Result<Self> {
        let (world, signer) = (World::new(), Signer::for_development()?);
        Ok(Self {
            bed: Bed::start(more).await?,
            samples: Samples::default(),
            phase,
            tokens: Arc::new(shop_tokens(&signer, &world)?),
            signer,
            product: Product::of(&world),
            world,
            verified: 0,
            seed: 0,
        })
    }

    /// Runs one round.
    pub async fn round(&mut self) -> anyhow::Result<()> {
        self.bed.checkpoint().await?;
        self.tiny().await?;
        self.usual().await?;
        self.raw(Mix::Cold, rows::RAW_COLD).await?;
        self.raw(Mix::Hot, rows::RAW_HOT).await?;
        self.ours().await?;
        self.reads().await
    }

    async fn tiny(&mut self) -> anyhow::Result<()> {
        let database = self.bed.database().await?;
        for (callers, row) in [(1, rows::TINY_1), (64, rows::TINY_64)] {
            let tiny = Tiny::connect(&database.url(), callers).await?;
            self.measure(&tiny, Mix::Hot, (callers, row)).await?;
            tiny.close().await;
        }
        Ok(())
    }

    async fn usual(&mut self) -> anyhow::Result<()> {
        let database = self.bed.database().await?;
        let usual = Usual::connect(&database.url()).await?;
        usual.stock(&self.world).await?;
        let mut proof = Proof::of(&database, Tables::Usual);
        self.all(&usual, Mix::Cold, rows::USUAL_COLD, &mut proof)
            .await?;
        self.all(&usual, Mix::Hot, rows::USUAL_HOT, &mut proof)
            .await?;
        usual.close().await;
        Ok(())
    }

    async fn raw(&mut self, mix: Mix, row: &'static str) -> anyhow::Result<()> {
        let database = self.bed.database().await?;
        raw::stock(&database.admin_url(), &self.world).await?;
        let mut senders = Sender::of(&database.admin_url(), &self.world, mix).await?;
        let before = self.used();
        let run = raw::run(&mut senders, self.phase).await?;
        self.samples
            .add(row, Sample::of(&run, self.used().since(before)));
        Proof::of(&database, Tables::Ours).after(&run).await
    }

    async fn ours(&mut self) -> anyhow::Result<()> {
        let database = self.bed.database().await?;
        let url = database.url();
        let process = Process::open(&url)?;
        process.stock(&self.world).await?;
        let mut proof = Proof::of(&database, Tables::Ours);
        self.all(&process, Mix::Cold, rows::JOURNAL_COLD, &mut proof)
            .await?;
        self.all(&process, Mix::Hot, rows::JOURNAL_HOT, &mut proof)
            .await?;
        process.end().await?;
        self.rpcs(&url, &mut proof).await?;
        self.traced(&url, &mut proof).await?;
        self.verified += proof.verified().await?;
        Ok(())
    }

    async fn rpcs(&mut self, url: &str, proof: &mut Proof) -> anyhow::Result<()> {
        let doors = Doors::open(url, &self.product, &self.signer, Watched::Off).await?;
        let remote = Remote::connect(doors.address, &self.tokens).await?;
        self.all(&remote, Mix::Cold, rows::REMOTE_COLD, proof)
            .await?;
        self.all(&remote, Mix::Hot, rows::REMOTE_HOT, proof).await?;
        let local = Local::of(&doors.edge, &self.tokens);
        for (mix, row) in [(Mix::Cold, rows::LOCAL_COLD), (Mix::Hot, rows::LOCAL_HOT)] {
            let run = self.measure(&local, mix, (512, row)).await?;
            proof.after(&run).await?;
        }
        drop((remote, local));
        doors.end().await
    }

    /// Measures with and without a collector by turns, for a neighbour's noise comes and goes.
    async fn traced(&mut self, url: &str, proof: &mut Proof) -> anyhow::Result<()> {
        let collector = Collector::start()?;
        let sampled = Watched::Sampled(&collector.url);
        let off = Doors::open(url, &self.product, &self.signer, Watched::Off).await?;
        let on = Doors::open(url, &self.product, &self.signer, sampled).await?;
        let without = Remote::connect(off.address, &self.tokens).await?;
        let with = Remote::connect(on.address, &self.tokens).await?;
        for _ in 0..TURNS {
            for (target, row) in [(&without, rows::UNTRACED), (&with, rows::TRACED)] {
                let run = self.measure(target, Mix::Hot, (512, row)).await?;
                proof.after(&run).await?;
            }
        }
        drop((without, with));
        off.end().await?;
        on.end().await?;
        let arrived = async {
            while collector.spans() == 0 {
                tokio::time::sleep(SPANS_EVERY).await;
            }
        };
        let arrived = tokio::time::timeout(SPANS_WITHIN, arrived).await;
        arrived.context("no span has arrived at the collector")
    }

    async fn reads(&mut self) -> anyhow::Result<()> {
        let database = self.bed.database().await?;
        let echo = Echo::open(&self.product).await?;
        let reader = Reader::connect(echo.address, &self.tokens).await?;
        self.measure(&reader, Mix::Cold, (READERS, rows::ECHO))
            .await?;
        let url = database.url();
        let doors = Doors::open(&url, &self.product, &self.signer, Watched::Off);
        let doors = doors.await?;
        let reader = Reader::connect(doors.address, &self.tokens).await?;
        self.measure(&reader, Mix::Cold, (READERS, rows::PRODUCT))
            .await?;
        drop(reader);
        doors.end().await
    }

    async fn all<T: Target>(
        &mut self,
        target: &T,
        mix: Mix,
        rows: Rows,
        proof: &mut Proof,
    ) -> anyhow::Result<()> {
        for row in rows {
            let run = self.measure(target, mix, row).await?;
            proof.after(&run).await?;
        }
        Ok(())
    }

    async fn measure<T: Target>(
        &mut self,
        target: &T,
        mix: Mix,
        (callers, row): (usize, &'static str),
    ) -> anyhow::Result<Run> {
        let draws = self.draws(mix, callers);
        let before = self.used();
        let run = closed::run(target, draws, self.phase)
            .await?
            .all_granted()?;
        self.samples
            .add(row, Sample::of(&run, self.used().since(before)));
        Ok(run)
    }

    /// One draw for each caller.
    pub fn draws(&mut self, mix: Mix, callers: usize) -> Vec<Draw> {
        let draws = (0..callers).map(|_| {
            self.seed += 1;
            Draw::new(&self.world, mix, self.seed << 20)
        });
        draws.collect()
    }

    fn used(&self) -> Used {
        Used::now(self.bed.postgres.pid())
    }
}
