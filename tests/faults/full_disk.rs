//! A disk that is full while a server works.

use crate::{
    form::Form,
    seen::{LogSince, goes_on},
    support::{chance::Chance, server::Server, small_disk::SmallDisk},
    trial::{Round, Trial, some_time},
};

/// In kilobytes: more than a server wants to be free before it is ready, and than its data takes.
pub const DISK: u64 = 256 << 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_with_room_again_all_goes_on() {
    let form = Form::asked_for();
    let mut trial = Trial::begin(Chance::new());
    let Some(disk) = SmallDisk::mount(&trial.repository().path().join(".adw"), DISK) else { return };
    for _ in 0..form.troubles() {
        let ending = trial.any_ending();
        let fills_up = async |server: &Server<'_>, chance: &mut Chance| {
            some_time(chance).await;
            let log = LogSince::now(server.repository());
            disk.fill(0);
            log.tells(&["disk is full", "No space left"]).await;
            some_time(chance).await;
            disk.free();
            goes_on(&server.api).await;
        };
        trial.round_amid(Round::under_load(ending), fills_up).await;
    }
    trial.settle(form.ready_within()).await.finds_nothing("on a disk that was full now and then");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_on_a_full_disk_loses_nothing() {
    let form = Form::asked_for();
    let mut trial = Trial::begin(Chance::new());
    let Some(disk) = SmallDisk::mount(&trial.repository().path().join(".adw"), DISK) else { return };
    for _ in 0..form.troubles() {
        let ending = trial.any_ending();
        let fills_up = async |server: &Server<'_>, chance: &mut Chance| {
            some_time(chance).await;
            let log = LogSince::now(server.repository());
            disk.fill(0);
            log.tells(&["disk is full", "No space left"]).await;
        };
        trial.round_amid(Round::under_load(ending), fills_up).await;
        disk.free();
    }
    trial.settle(form.ready_within()).await.finds_nothing("killed on a full disk");
}
