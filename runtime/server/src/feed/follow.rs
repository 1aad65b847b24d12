//! The sequence of messages that one connection gets: every event once, in order.
//!
//! The live subscription is there before anything is read, so an event that is committed in between comes twice,
//! and is dropped by its number; one that the subscription had to let go is in the store. So the store makes up for
//! every gap, and nothing is kept for a slow reader.

use std::{collections::VecDeque, sync::Arc};

use adw_core::{AdwId, FoldError, Recorded, Workflow, apply};
use adw_engine::{Engine, Live, Missed, Published, Subscription};
use adw_store::StoreError;
use uuid::Uuid;

use super::{
    inbound::{Inbound, Language, Unknown},
    messages::Writer,
    socket::Told,
};

/// How many events are read at a time.
const PAGE: u32 = 200;

/// From where a client follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// The present state, and what comes.
    Now,
    /// Events after this one, and what comes.
    Event {
        /// Its number.
        seq: u64,
        /// The epoch that it was seen in, where the client says.
        epoch: Option<Uuid>,
    },
}

/// Why a feed can't go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum FollowError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Fold(#[from] FoldError),
}

/// One connection's place in a workflow's history.
pub(super) struct Follow {
    writer: Writer,
    /// None for what can't be an id: nothing will ever be told of it.
    source: Option<Source>,
    ready: VecDeque<Arc<str>>,
}

struct Source {
    engine: Engine,
    adw_id: AdwId,
    subscription: Subscription,
    /// The row's number, once there is a row.
    id: Option<i64>,
    /// The last event that the client has.
    last: u64,
    /// The workflow after the last event that was folded; may be behind `last`, until the history is folded up to it.
    state: Option<Arc<Workflow>>,
    /// The store may have events that the client lacks.
    behind: bool,
}

impl Follow {
    pub(super) async fn open(engine: Engine, asked: &str, since: Since) -> Result<Self, StoreError> {
        // It is said back to the client, who may have asked for anything.
        let shown = asked.chars().take(AdwId::MAX_LEN).collect();
        let writer = Writer { adw_id: shown, epoch: engine.epoch() };
        let Ok(adw_id) = asked.parse::<AdwId>() else { return Ok(Self::nothing(writer)) };
        let subscription = engine.subscribe(&adw_id);
        let snapshot = engine.workflow(&adw_id).await?;
        let mut source =
            Source { engine, adw_id, subscription, id: None, last: 0, state: None, behind: false };
        let mut ready = VecDeque::from([writer.established(snapshot.as_ref())]);
        match snapshot {
            None => ready
                .push_back(writer.not_found("there is no such workflow yet: it is followed once there is")),
            Some(stored) => {
                source.id = Some(stored.id.0);
                source.begin(Arc::new(stored.workflow), since, &writer, &mut ready);
            }
        }
        Ok(Self { writer, source: Some(source), ready })
    }

    fn nothing(writer: Writer) -> Self {
        let reason = "there can be no workflow of that id: one has 1 to 100 letters, digits, _ and -, and no - at the start";
        let ready = VecDeque::from([writer.established(None), writer.not_found(reason)]);
        Self { writer, source: None, ready }
    }

    #[cfg(test)]
    pub(super) fn of_nothing() -> Self {
        Self::nothing(Writer { adw_id: "-".to_owned(), epoch: Uuid::nil() })
    }
}

impl Told for Follow {
    const LANGUAGE: Language = Language::OneWorkflow;
    const SAYS_GOODBYE: bool = false;

    async fn next(&mut self) -> Result<Arc<str>, FollowError> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(message);
            }
            match &mut self.source {
                Some(source) => source.advance(&self.writer, &mut self.ready).await?,
                None => std::future::pending().await,
            }
        }
    }

    fn answer(&mut self, said: Result<Inbound, Unknown>) -> Arc<str> {
        match said {
            Ok(Inbound::Ping) => self.writer.pong(),
            Ok(Inbound::Subscribe(_) | Inbound::Unsubscribe(_)) => {
                self.writer.error("bad_message", &Unknown::Type.to_string())
            }
            Err(unknown) => self.writer.error("bad_message", &unknown.to_string()),
        }
    }
}

impl Source {
    /// What a client gets at once of a workflow that exists.
    fn begin(
        &mut self,
        workflow: Arc<Workflow>,
        since: Since,
        writer: &Writer,
        ready: &mut VecDeque<Arc<str>>,
    ) {
        let present = workflow.seq;
        match since {
            Since::Event { seq, epoch }
                if seq <= present && epoch.is_none_or(|epoch| epoch == writer.epoch) =>
            {
                self.last = seq;
                self.behind = seq < present;
                self.state = (!self.behind).then_some(workflow);
                return;
            }
            Since::Event { .. } => {
                let reason = "this history is not the one that since was seen in: read the workflow anew";
                ready.push_back(writer.resync_required(reason, present));
            }
            Since::Now => {}
        }
        ready.push_back(writer.present(&workflow));
        self.last = present;
        self.state = Some(workflow);
    }

    /// One step: a part of the backlog, or what is live.
    async fn advance(&mut self, writer: &Writer, ready: &mut VecDeque<Arc<str>>) -> Result<(), FollowError> {
        if self.behind {
            return self.catch_up(writer, ready).await;
        }
        match self.subscription.next().await {
            Err(Missed { .. }) => self.behind = true,
            Ok(Live::Event(event)) => ready.extend(self.live(&event, writer)),
            Ok(Live::Log(line)) => ready.push_back(writer.log(&line)),
            Ok(Live::Progress(stage)) => {
                let workflow = self.state.as_ref().map_or(0, |workflow| workflow.progress);
                ready.push_back(writer.progress(&stage, workflow));
            }
        }
        Ok(())
    }

    fn live(&mut self, event: &Published, writer: &Writer) -> Option<Arc<str>> {
        let seq = event.recorded.seq;
        if seq <= self.last {
            return None;
        }
        self.id = Some(event.id);
        if seq > self.last + 1 {
            self.behind = true;
            return None;
        }
        self.last = seq;
        self.state = Some(Arc::clone(&event.after));
        let write = || writer.event(event.id, &event.recorded, &event.after);
        Some(Arc::clone(event.wire.get_or_init(write)))
    }

    /// Reads a part of the store's events, folds them, and tells those that the client lacks.
    async fn catch_up(&mut self, writer: &Writer, ready: &mut VecDeque<Arc<str>>) -> Result<(), FollowError> {
        let Some(id) = self.row().await? else {
            self.behind = false;
            return Ok(());
        };
        let folded = self.state.as_ref().map_or(0, |workflow| workflow.seq);
        let page = self.engine.events(&self.adw_id, folded, PAGE).await?;
        self.behind = page.len() >= PAGE as usize;
        for recorded in &page {
            let after = self.fold(recorded)?;
            if recorded.seq > self.last {
                self.last = recorded.seq;
                ready.push_back(writer.event(id, recorded, &after));
            }
        }
        Ok(())
    }

    /// The row's number; none while there is no workflow.
    async fn row(&mut self) -> Result<Option<i64>, StoreError> {
        if self.id.is_none() {
            self.id = self.engine.workflow(&self.adw_id).await?.map(|stored| stored.id.0);
        }
        Ok(self.id)
    }

    fn fold(&mut self, recorded: &Recorded) -> Result<Arc<Workflow>, FoldError> {
        let before = self.state.take().map(Arc::unwrap_or_clone);
        let after = Arc::new(apply(before, recorded)?);
        self.state = Some(Arc::clone(&after));
        Ok(after)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

    use std::{future::poll_fn, pin::pin, task::Poll};

    use adw_core::{Command, SetStatus};
    use serde_json::{Value, json};
    use tokio::time::timeout;

    use super::*;
    use crate::bench::{Bench, PATIENCE};

    async fn ended(bench: &Bench) -> AdwId {
        bench.completed().await.parse().unwrap()
    }

    async fn annotate(bench: &Bench, adw_id: &AdwId, note: usize) {
        let set = SetStatus { result: Some(json!({ "note": note })), ..SetStatus::default() };
        bench.engine.command(adw_id, Command::SetStatus(set), None).await.unwrap();
    }

    async fn next_seq(follow: &mut Follow) -> u64 {
        loop {
            let message: Value = serde_json::from_str(&follow.next().await.unwrap()).unwrap();
            if let Some(seq) = message.get("seq") {
                return seq.as_u64().unwrap();
            }
        }
    }

    /// More than a subscription holds, so that it lets the oldest go.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_reader_that_falls_behind_gets_every_event_once() {
        let bench = Bench::new().await;
        let adw_id = ended(&bench).await;
        let begun = bench.engine.workflow(&adw_id).await.unwrap().unwrap().workflow.seq;
        let mut follow = Follow::open(bench.engine.clone(), adw_id.as_str(), Since::Now).await.unwrap();
        for note in 0..600 {
            annotate(&bench, &adw_id, note).await;
        }
        for seq in begun + 1..=begun + 600 {
            assert_eq!(next_seq(&mut follow).await, seq);
        }
        annotate(&bench, &adw_id, 600).await;
        assert_eq!(next_seq(&mut follow).await, begun + 601, "and is live again");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_happens_while_a_feed_is_opened_is_told() {
        let bench = Bench::new().await;
        let adw_id = ended(&bench).await;
        let begun = bench.engine.workflow(&adw_id).await.unwrap().unwrap().workflow.seq;
        for seq in begun..begun + 50 {
            let since = Since::Event { seq, epoch: None };
            let mut opening = pin!(Follow::open(bench.engine.clone(), adw_id.as_str(), since));
            // Some way into it, a step further each time: the store is being read.
            let mut steps = seq % 5;
            let opened = poll_fn(|cx| match opening.as_mut().poll(cx) {
                Poll::Pending if steps > 0 => {
                    steps -= 1;
                    Poll::Pending
                }
                progress => Poll::Ready(progress),
            });
            let opened = opened.await;
            annotate(&bench, &adw_id, usize::try_from(seq).unwrap()).await;
            let mut follow = match opened {
                Poll::Ready(follow) => follow.unwrap(),
                Poll::Pending => opening.await.unwrap(),
            };
            let heard = timeout(PATIENCE, next_seq(&mut follow)).await.expect("the event is told");
            assert_eq!(heard, seq + 1);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_message_that_is_not_waited_for_to_the_end_is_not_lost() {
        let bench = Bench::new().await;
        let adw_id = ended(&bench).await;
        let since = Since::Event { seq: 0, epoch: None };
        let mut follow = Follow::open(bench.engine.clone(), adw_id.as_str(), since).await.unwrap();
        let present = bench.engine.workflow(&adw_id).await.unwrap().unwrap().workflow.seq;
        for seq in 1..=present {
            let heard = loop {
                // Given up at once, again and again, as another branch of a select does.
                tokio::select! {
                    biased;
                    seq = next_seq(&mut follow) => break seq,
                    () = tokio::task::yield_now() => {}
                }
            };
            assert_eq!(heard, seq);
        }
    }
}
