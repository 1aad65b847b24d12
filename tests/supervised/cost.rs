//! What a supervisor costs.

use std::time::{Duration, Instant};

use adw_agents::{
    exec,
    supervisor::{self, forget},
};

use crate::place::{Place, supervisor};

const ROUNDS: u32 = 200;

#[tokio::test]
#[ignore = "a measurement: cargo nextest run --run-ignored all --no-capture"]
async fn the_same_program_with_and_without() {
    let place = Place::new();
    let supervisor = supervisor();
    let [mut direct, mut supervised] = [Duration::ZERO; 2];
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        exec::run(place.program("true", &[]), &place.owner, &place.stop, &mut |_, _| ()).await.unwrap();
        direct += begun.elapsed();
        let begun = Instant::now();
        let (folder, command) = (place.run_folder(), place.program("true", &[]));
        supervisor::run(&supervisor, &folder, command, &place.owner, &place.stop, &mut |_, _| ())
            .await
            .unwrap();
        supervised += begun.elapsed();
        forget(&folder).unwrap();
    }
    let (direct, supervised) = (direct / ROUNDS, supervised / ROUNDS);
    let ratio = supervised.as_secs_f64() / direct.as_secs_f64();
    println!("`true`: {direct:?} by itself, {supervised:?} supervised, {ratio:.1} times");
    assert!(supervised < direct + Duration::from_millis(500), "{direct:?}, {supervised:?}");
}
