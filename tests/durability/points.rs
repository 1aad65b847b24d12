//! Servers that die at a given step, under load.

use adw_engine::FailurePoint;

use crate::{
    form::Form,
    support::chance::Chance,
    trial::{Ending, Round, Trial},
};

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_die_at_any_step_lose_nothing_and_do_nothing_twice() {
    let form = Form::asked_for();
    let mut trial = Trial::begin(Chance::new());
    for _ in 0..form.times_at_each_point() {
        for point in FailurePoint::ALL {
            trial.dies_at(*point).await;
        }
    }
    trial.settle(form.ready_within()).await.finds_nothing("died at every step");
}

impl Trial {
    /// Some server dies at this point; the trial fails where none comes there.
    async fn dies_at(&mut self, point: FailurePoint) {
        let nth = match point {
            // Each is passed once in the life of a server.
            FailurePoint::Stopping | FailurePoint::Stopped => 1,
            FailurePoint::Recovering => {
                // Whoever dies here leaves work to be taken up.
                self.round(Round::under_load(Ending::At(FailurePoint::BetweenStages, 1))).await;
                1
            }
            _ => 1 + u32::try_from(self.chance.below(3)).unwrap(),
        };
        self.round(Round::under_load(Ending::At(point, nth))).await;
    }
}
