//! Servers that are ended at any moment, under load.

use crate::{
    form::Form,
    support::chance::Chance,
    trial::{Round, Trial},
};

#[tokio::test(flavor = "multi_thread")]
async fn servers_killed_under_load_lose_nothing_and_do_nothing_twice() {
    let form = Form::asked_for();
    let mut trial = Trial::begin(Chance::new());
    for _ in 0..form.cycles() {
        let ending = trial.any_ending();
        trial.round(Round::under_load(ending)).await;
    }
    trial.settle(form.ready_within()).await.finds_nothing("killed at any moment");
}
