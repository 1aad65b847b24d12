//! Commits of which nobody knows whether they took place, as after an `fsync` that answers EIO.

use adw_engine::FailingCommits;

use crate::{
    form::Form,
    seen::{LogSince, goes_on},
    support::{chance::Chance, server::Server},
    trial::{Round, Trial},
};

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_fail_lose_nothing_and_repeat_nothing() {
    let form = Form::asked_for();
    let mut trial = Trial::begin(Chance::new());
    for _ in 0..form.troubles() {
        let failing = FailingCommits {
            first: 1 + u32::try_from(trial.chance.below(200)).unwrap(),
            number: 1 + u32::try_from(trial.chance.below(40)).unwrap(),
        };
        let ending = trial.any_ending();
        let log = LogSince::now(trial.repository());
        let befalls = async |server: &Server<'_>, _: &mut Chance| {
            log.tells(&["a commit failed; nothing is written until the database was read again"]).await;
            goes_on(&server.api).await;
        };
        trial.round_amid(Round::under_load(ending).with_failing(failing), befalls).await;
    }
    trial.settle(form.ready_within()).await.finds_nothing("with commits that failed");
}
