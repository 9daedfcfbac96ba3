//! What an idle stack takes of the machine, and how long it takes until it answers.

use std::time::Duration;

use testbed::eventually;
use tokio::time::Instant;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::bed::Bed;

/// What each part may take in this build, as `ps` tells it: most of it is the program, which is not
/// optimised and which all parts share.
const MEMORY_KB_MAX: [(&str, u64); 2] = [("catalog", 24 << 10), ("supervisor", 18 << 10)];
/// What each may take for itself alone. Who decodes all contracts needs some fifteen more.
const OWN_KB_MAX: u64 = 8 << 10;
/// The goal is two seconds on a quiet machine with an optimised build; tests share theirs.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);
/// Once the stack is ready, it settles within this time.
const SETTLED_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn an_idle_service_takes_little_memory() {
    let bed = Bed::fresh();
    bed.up();
    let is_little = async || {
        let parts = bed.parts();
        let taken = MEMORY_KB_MAX.map(|(name, most)| {
            let part = parts.iter().find(|it| it["part"] == name).unwrap();
            let (all, pid) = (part["memory_kb"].as_u64(), part["pid"].as_u64());
            (name, all.unwrap(), own_kb(pid.unwrap()), most)
        });
        let little = taken
            .iter()
            .all(|(_, all, own, most)| all <= most && *own <= OWN_KB_MAX);
        let told = format!("part, KB, KB of its own, KB at most: {taken:?}");
        if little { Ok(told) } else { Err(told) }
    };
    let taken = eventually(SETTLED_WITHIN, "it is little", is_little).await;
    println!("{}", taken.unwrap());
}

/// The memory of a process that is in no file.
fn own_kb(pid: u64) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line = rollup.lines().find_map(|it| it.strip_prefix("Pss_Anon:"));
    let kb = line.unwrap().split_whitespace().next().unwrap();
    kb.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_ran_before_answers_soon() {
    let bed = Bed::fresh();
    bed.up();
    assert_eq!(bed.run(&["down"]).code, 0);
    let begun = Instant::now();
    let answers = async {
        let uri = format!("http://127.0.0.1:{}", bed.port(2));
        let serves = async || -> Result<(), String> {
            let endpoint = Endpoint::from_shared(uri.clone()).unwrap();
            let channel = endpoint.connect().await.map_err(|it| it.to_string())?;
            let mut health = HealthClient::new(channel);
            let asked = health.check(HealthCheckRequest::default());
            let answer = asked.await.map_err(|it| it.to_string())?.into_inner();
            if answer.status == 1 {
                Ok(())
            } else {
                Err("not ready".to_owned())
            }
        };
        eventually(ANSWER_WITHIN, "the catalog serves", serves)
            .await
            .unwrap();
        begun.elapsed()
    };
    let up = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let up = scope.spawn(|| bed.up());
            let answered = tokio::runtime::Handle::current().block_on(answers);
            println!("the first answer came after {answered:.2?}");
            up.join().unwrap()
        })
    });
    println!("all was told after {:.2?}:\n{}", begun.elapsed(), up.output);
    assert!(up.output.contains("first write prd_"), "{up:?}");
}
