//! Whether a service is well: `grpc.health.v1`, open to everybody.
//!
//! Asked without a name it says whether calls are served, which depends on required dependencies
//! alone: a dead broker must not take down what does not need it. `dependency.<name>` says it of
//! each dependency, and [`LIVE`] only that the process answers.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::settings::Profile;
use crate::tasks::Shutdown;

/// The name under which health is answered as long as the process runs.
pub const LIVE: &str = "live";
/// How often dependencies are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How long a look may take before it counts as a no.
const LOOK_MAX: Duration = Duration::from_secs(1);

/// How much depends on a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing can be served without it.
    Required,
    /// Some of it waits, or is answered from memory.
    Optional,
}

type Check = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// Something outside that a service needs, and how to see whether it is there.
#[derive(Clone)]
pub struct Dependency {
    name: &'static str,
    need: Need,
    check: Check,
}

impl Dependency {
    /// A dependency, such as `postgres`. The check answers soon, and changes nothing.
    pub fn new<F>(
        name: &'static str,
        need: Need,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        Self {
            name,
            need,
            check: Arc::new(move || Box::pin(check())),
        }
    }

    async fn is_there(&self) -> bool {
        let looked = tokio::time::timeout(LOOK_MAX, (self.check)()).await;
        looked.unwrap_or(false)
    }
}

/// Keeps what is answered about the health of one service.
#[derive(Clone)]
pub(crate) struct Health {
    reporter: HealthReporter,
    /// The gRPC services that are asked for by name.
    names: Arc<[&'static str]>,
    dependencies: Arc<[Dependency]>,
}

impl Health {
    pub fn new(
        reporter: HealthReporter,
        names: &[&'static str],
        dependencies: Vec<Dependency>,
    ) -> Self {
        Self {
            reporter,
            names: names.into(),
            dependencies: dependencies.into(),
        }
    }

    /// Says that the process answers, how it runs, and that it serves nothing yet.
    pub async fn begin(&self, profile: Profile) {
        self.say(LIVE, true).await;
        self.say("profile.dev", profile == Profile::Development)
            .await;
        self.say("profile.prod", profile == Profile::Production)
            .await;
        self.say_ready(false).await;
    }

    /// Looks at all dependencies once, and says what it found.
    pub async fn look(&self) -> bool {
        let looks = self.dependencies.iter().map(Dependency::is_there);
        let there = futures_util::future::join_all(looks).await;
        let mut ready = true;
        for (dependency, there) in self.dependencies.iter().zip(there) {
            self.say(&format!("dependency.{}", dependency.name), there)
                .await;
            ready &= there || dependency.need == Need::Optional;
        }
        self.say_ready(ready).await;
        ready
    }

    /// Looks again and again until the service ends.
    pub async fn watch(&self, shutdown: Shutdown) {
        let mut ready = true;
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = shutdown.requested() => return,
            }
            let now = self.look().await;
            if now != ready {
                tracing::warn!(ready = now, "readiness changed");
            }
            ready = now;
        }
    }

    /// Says that nothing new should be sent here.
    pub async fn end(&self) {
        self.say_ready(false).await;
    }

    async fn say_ready(&self, ready: bool) {
        self.say("", ready).await;
        for name in self.names.iter() {
            self.say(name, ready).await;
        }
    }

    async fn say(&self, name: &str, well: bool) {
        let status = if well {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        self.reporter.set_service_status(name, status).await;
    }
}
