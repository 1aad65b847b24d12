//! A real engine beside the model of it: each is given the same, and then they are compared.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use adw_core::{AdwId, Command, Priority, SetStatus};
use adw_engine::{AnswerError, CommandError, CreateError, Engine, NewAnswer, NewTask, Readiness};
use adw_store::{Store, StoreError, Stored};
use adw_test_guests::PLAYER;
use tempfile::TempDir;

use crate::{
    adapter,
    campaign::Agreed,
    history,
    reference::{Asked, Model, No},
    script::{self, Event, Script, Setting, Step, Trouble, Which, description},
    support::{
        Bench,
        clock::ByHand,
        task,
        troubled::{Cut, Refusals, troubled_on_clock},
    },
    world::{Player, World},
};

/// More would only make what happens harder to read.
const MOST_WORKFLOWS: usize = 4;

/// How often it is looked again where nothing tells: of a place that is given back there is no event.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// What has happened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub sequences: u64,
    pub steps: u64,
    pub workflows: u64,
    pub refused: u64,
    pub restarts: u64,
    pub crashes: u64,
}

pub struct Trial {
    /// None only while one engine has ended and the next hasn't begun.
    bench: Option<Bench>,
    cut: Arc<Cut>,
    clock: Arc<ByHand>,
    /// What may be the case. There is more than one only where an answer was lost.
    worlds: Vec<World>,
    figures: Figures,
    patience: Duration,
}

/// What a person hears.
#[derive(Debug)]
enum Heard {
    Done,
    Refused(No),
    /// Nothing that says whether it was done.
    Nothing,
}

/// One sequence, in a folder that an earlier one may have left. It is given back with what happened.
pub async fn sequence(
    folder: TempDir,
    patience: Duration,
    setting: Setting,
    steps: Vec<Step>,
) -> (TempDir, Figures, Agreed) {
    prepare(folder.path(), &setting);
    let now = 1_760_000_000_000;
    let clock = Arc::new(ByHand::at(adapter::time(now)));
    let cut = Cut::unarmed();
    let bench = open(folder, &cut, &clock).await;
    let worlds = vec![World::new(now, setting.places, setting.parts)];
    let mut trial = Trial { bench: Some(bench), cut, clock, worlds, figures: Figures::default(), patience };
    let mut agreed = trial.take_all(steps).await;
    if agreed.is_ok() {
        agreed = trial.history_holds().await;
    }
    let Trial { bench, figures, .. } = trial;
    (bench.unwrap().stop().await, figures, agreed)
}

/// Nothing of an earlier sequence stays but compiled plugins.
fn prepare(folder: &Path, setting: &Setting) {
    std::fs::write(folder.join("adw.toml"), setting.adw_toml()).unwrap();
    std::fs::write(folder.join("player.wasm"), PLAYER).unwrap();
    let Ok(left) = std::fs::read_dir(folder.join(".adw")) else { return };
    for left in left.map(|left| left.unwrap().path()).filter(|left| !left.ends_with("compiled")) {
        if left.is_dir() {
            std::fs::remove_dir_all(left).unwrap();
        } else {
            std::fs::remove_file(left).unwrap();
        }
    }
}

async fn open(folder: TempDir, cut: &Arc<Cut>, clock: &Arc<ByHand>) -> Bench {
    let refusals = Refusals { cut: Some(Arc::clone(cut)), ..Refusals::default() };
    troubled_on_clock(folder, refusals, Arc::clone(clock) as _).await
}

fn id(workflow: usize) -> AdwId {
    format!("w{workflow}").parse().unwrap()
}

impl Trial {
    async fn take_all(&mut self, steps: Vec<Step>) -> Agreed {
        self.figures.sequences += 1;
        for (event, trouble) in steps {
            self.figures.steps += 1;
            let taken = self.take(event.clone(), trouble).await;
            taken.map_err(|wrong| format!("{event:?} with {trouble:?}: {wrong}"))?;
        }
        Ok(())
    }

    async fn take(&mut self, event: Event, trouble: Option<Trouble>) -> Agreed {
        match event {
            Event::Create { priority, script } => self.create(priority, script, trouble).await,
            Event::Ask(which, asked) => match self.which(which, |model| script::suits(asked, model)) {
                Some(workflow) => self.ask(workflow, asked, trouble).await,
                None => Ok(()),
            },
            Event::Answer(which) => match self.which(which, script::is_asking) {
                Some(workflow) => self.answer(workflow, trouble).await,
                None => Ok(()),
            },
            Event::Wait(millis) => self.wait(millis).await,
            Event::Restart { killed, millis } => self.restart(killed, millis).await,
        }
    }

    /// One of those that it suits, if there are any and it isn't to be just any.
    fn which(&self, which: Which, suits: impl Fn(&Model) -> bool) -> Option<usize> {
        let workflows = &self.world().workflows;
        let suited: Vec<_> = (0..workflows.len()).filter(|one| suits(&workflows[*one].model)).collect();
        if which.is_suited && !suited.is_empty() {
            return Some(suited[which.number % suited.len()]);
        }
        which.number.checked_rem(workflows.len())
    }

    /// The one that is the case: between steps there is one.
    fn world(&self) -> &World {
        &self.worlds[0]
    }

    async fn create(&mut self, priority: u8, script: Script, trouble: Option<Trouble>) -> Agreed {
        let number = self.world().workflows.len();
        if number == MOST_WORKFLOWS {
            return Ok(());
        }
        self.figures.workflows += 1;
        let priorities = [Priority::Low, Priority::Medium, Priority::High, Priority::Urgent];
        let task = NewTask {
            adw_id: Some(id(number)),
            description: Some(description(&script)),
            priority: priorities[usize::from(priority)],
            ..task("play")
        };
        let create = |world: &mut World| {
            // Whoever hands the same task over again is told of the first.
            if world.workflows.len() == number {
                world.create(priority, script.clone());
            }
            Ok(())
        };
        self.arm(trouble);
        self.until_heard(create, async |engine| match engine.create(task.clone()).await {
            Ok(_) => Ok(Heard::Done),
            Err(CreateError::Store(StoreError::Unavailable(_))) => Ok(Heard::Nothing),
            Err(error) => Err(error.to_string()),
        })
        .await
    }

    async fn ask(&mut self, workflow: usize, asked: Asked, trouble: Option<Trouble>) -> Agreed {
        self.arm(trouble);
        self.until_heard(
            |world| world.ask(workflow, asked),
            async |engine| {
                heard(engine.command(&id(workflow), adapter::command(asked, 0), None).await.map(drop))
            },
        )
        .await
    }

    async fn answer(&mut self, workflow: usize, trouble: Option<Trouble>) -> Agreed {
        self.arm(trouble);
        self.until_heard(
            |world| world.answer(workflow),
            async |engine| {
                let given = NewAnswer { answer: "yes".into(), note: None };
                match engine.answer(&id(workflow), given, None).await {
                    Ok(_) => Ok(Heard::Done),
                    Err(AnswerError::Command(error)) => heard(Err(error)),
                    Err(error) => Err(error.to_string()),
                }
            },
        )
        .await
    }

    /// Asks, and asks the same again where nothing was heard and the engine is still there.
    async fn until_heard(
        &mut self,
        change: impl Fn(&mut World) -> Result<(), No>,
        ask: impl AsyncFn(&Engine) -> Result<Heard, String>,
    ) -> Agreed {
        loop {
            let heard = ask(self.engine()).await?;
            self.believe(&heard, &change)?;
            if !matches!(heard, Heard::Nothing) || self.cut.has_come() {
                break;
            }
        }
        self.settle().await
    }

    /// Those that wait for a time are told one after the other that it has come: in which order they hear of it by themselves,
    /// nobody can say.
    async fn wait(&mut self, millis: u64) -> Agreed {
        self.move_clock(millis);
        for workflow in 0..self.world().workflows.len() {
            if self.world().is_due(workflow) {
                // It changes nothing, and so sets the timer anew, by the clock as it is now.
                let nothing = Command::SetStatus(SetStatus::default());
                self.engine()
                    .command(&id(workflow), nothing, None)
                    .await
                    .map_err(|error| error.to_string())?;
                self.worlds.iter_mut().for_each(|world| world.react(workflow));
                self.settle().await?;
            }
        }
        Ok(())
    }

    fn move_clock(&mut self, millis: u64) {
        let to = (self.world().now + millis).min(self.world().latest_before_waking());
        self.set_clock(to);
    }

    fn set_clock(&mut self, to: u64) {
        self.clock.set(adapter::time(to));
        self.worlds.iter_mut().for_each(|world| world.now = to);
    }

    async fn restart(&mut self, killed: bool, millis: u64) -> Agreed {
        self.figures.restarts += 1;
        if killed {
            self.cut.arm(0, false, false);
        }
        self.begin_again(millis).await;
        self.agree().await
    }

    /// The engine ends, having written what it could, and another one begins so much later.
    async fn begin_again(&mut self, later: u64) {
        let Some(bench) = self.bench.take() else { return };
        let folder = bench.stop().await;
        self.set_clock(self.world().now + later);
        self.cut = Cut::unarmed();
        self.bench = Some(open(folder, &self.cut, &self.clock).await);
        self.worlds.iter_mut().for_each(World::begin_again);
    }

    /// Keeps the worlds in which that is what is heard, as they are afterwards.
    fn believe(&mut self, heard: &Heard, change: impl Fn(&mut World) -> Result<(), No>) -> Agreed {
        let mut changed = self.worlds.clone();
        let answers: Vec<_> = changed.iter_mut().map(change).collect();
        let those = |worlds: Vec<World>, answer: Result<(), No>| -> Vec<World> {
            worlds
                .into_iter()
                .zip(&answers)
                .filter(|(_, given)| **given == answer)
                .map(|(world, _)| world)
                .collect()
        };
        let before = std::mem::take(&mut self.worlds);
        self.worlds = match heard {
            Heard::Done => those(changed, Ok(())),
            Heard::Refused(no) => those(before, Err(*no)),
            Heard::Nothing => [before, those(changed, Ok(()))].concat(),
        };
        self.figures.refused += u64::from(matches!(heard, Heard::Refused(_)));
        if self.worlds.is_empty() {
            return Err(format!("the answer is {heard:?} and by the model {answers:?}"));
        }
        Ok(())
    }

    /// What follows from it comes, for the model and for the engine.
    async fn settle(&mut self) -> Agreed {
        self.worlds.iter_mut().for_each(World::settle);
        self.agree().await?;
        self.cut.disarm();
        Ok(())
    }

    /// Waits until the engine is where one of the worlds is, and has come to rest there.
    async fn agree(&mut self) -> Agreed {
        let mut heard = self.engine().subscribe_to_all();
        let begun = Instant::now();
        loop {
            if self.cut.has_come() {
                self.figures.crashes += 1;
                self.begin_again(0).await;
                heard = self.engine().subscribe_to_all();
            }
            match self.compare().await {
                Ok(()) => return Ok(()),
                Err(difference) if begun.elapsed() > self.patience => return Err(difference),
                Err(_) => {}
            }
            let _ = tokio::time::timeout(LOOK_AGAIN, heard.next()).await;
        }
    }

    /// Keeps the worlds that the engine agrees with, if there are any; else says why it agrees with none.
    async fn compare(&mut self) -> Result<(), String> {
        let most = self.worlds.iter().map(|world| world.workflows.len()).max().unwrap_or(0);
        let mut there = Vec::new();
        for workflow in 0..most {
            there.extend(self.engine().workflow(&id(workflow)).await.map_err(|error| error.to_string())?);
        }
        let readiness = self.engine().readiness().await;
        let (mut agreeing, mut differences) = (Vec::new(), Vec::new());
        for world in &self.worlds {
            let mut world = world.clone();
            match self.same(&mut world, &there, &readiness).await {
                Ok(()) => agreeing.push(world),
                Err(difference) => differences.push(difference),
            }
        }
        if agreeing.is_empty() {
            return Err(differences.join("\nor: "));
        }
        self.worlds = agreeing;
        Ok(())
    }

    async fn same(&self, world: &mut World, there: &[Stored], readiness: &Readiness) -> Agreed {
        if there.len() != world.workflows.len() {
            return Err(format!(
                "there are {} workflows, and by the model {}",
                there.len(),
                world.workflows.len()
            ));
        }
        for (player, stored) in world.workflows.iter_mut().zip(there) {
            let adw_id = &stored.workflow.adw_id;
            adapter::compare(&mut player.model, &stored.workflow)
                .map_err(|wrong| format!("{adw_id}: {wrong}"))?;
        }
        let load = (readiness.running, readiness.queued);
        let expected = (world.placed.len() as u64, world.queued.len() as u64);
        if load != expected {
            return Err(format!("(placed, queued) is {load:?} and by the model {expected:?}"));
        }
        for (player, stored) in world.workflows.iter().zip(there).filter(|(player, _)| player.is_asleep) {
            if !self.is_asleep(player, stored).await {
                return Err(format!("{} does not sleep yet", stored.workflow.adw_id));
            }
        }
        Ok(())
    }

    /// Whether the last call of the attempt under way is to sleep.
    async fn is_asleep(&self, player: &Player, Stored { workflow, .. }: &Stored) -> bool {
        let Some((stage, attempt)) = player.model.under_way() else { return false };
        let record = self.engine().record(&workflow.adw_id, &adapter::name(stage), attempt, 0, 100).await;
        let last = record.ok().and_then(|record| record.calls.into_iter().last());
        last.is_some_and(|call| call.name == Some("clock.sleep") && call.answered_at.is_none())
    }

    /// What the engine says of the past agrees with itself, and with what the plugin noted.
    async fn history_holds(&self) -> Agreed {
        for (number, player) in self.world().workflows.iter().enumerate() {
            let events = self.engine().events(&id(number), 0, 10_000).await.unwrap();
            let stored = self.engine().workflow(&id(number)).await.unwrap().unwrap();
            history::holds(&events, &stored.workflow)
                .map_err(|wrong| format!("w{number}: {wrong}: {events:#?}"))?;
            for (stage, playing) in player.stages.iter().enumerate() {
                let tries =
                    self.store().value(stored.id, &adapter::name(stage), "plugin/tries").await.unwrap();
                let tries = tries.map_or(0, |tries| serde_json::from_slice(&tries).unwrap());
                if tries != playing.tries {
                    let expected = playing.tries;
                    return Err(format!(
                        "w{number}: stage {stage} was tried {tries} times, and by the model {expected}"
                    ));
                }
            }
        }
        Ok(())
    }

    fn engine(&self) -> &Engine {
        &self.bench.as_ref().unwrap().engine
    }

    fn store(&self) -> &dyn Store {
        self.bench.as_ref().unwrap().store.as_ref()
    }

    fn arm(&self, trouble: Option<Trouble>) {
        if let Some(Trouble { writes, last_is_taken, passes }) = trouble {
            self.cut.arm(writes, last_is_taken, passes);
        }
    }
}

fn heard(done: Result<(), CommandError>) -> Result<Heard, String> {
    match done {
        Ok(()) => Ok(Heard::Done),
        Err(CommandError::Refused(refusal)) => Ok(Heard::Refused(adapter::no(&refusal))),
        Err(CommandError::Store(StoreError::Unavailable(_))) => Ok(Heard::Nothing),
        Err(error) => Err(error.to_string()),
    }
}
