//! What sets a task going that is followed: the server that is meant does it or, where none is, one within this process.

use adw_core::AdwId;

use crate::alone;
use crate::client::{Answer, Client, TRIES, Workflow, pause};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::follow::{self, Since};
use crate::style::{self, Styled, printable};
use crate::whereabouts::Stay;

/// A server may have begun to stop just after it was found; then it is waited for, and another one looked for.
const LOOKS: u32 = 2;

/// What a server is asked for, so that a task goes on.
pub(crate) trait Errand {
    /// How the server is looked for.
    const SEARCH: Search = Search::AtLast;

    /// Asks for it.
    async fn ask(&self, client: &Client) -> Result<Begun, Failure>;
}

/// How a server is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Who is there now.
    Now,
    /// And who was called just before.
    AtLast,
}

/// A task that goes on.
pub(crate) struct Begun {
    workflow: Workflow,
    /// How it stood before; none where it is new.
    stood: Option<Workflow>,
}

impl Begun {
    /// It was just handed over.
    pub(crate) fn anew(created: Answer<Workflow>) -> Self {
        Self { workflow: created.view, stood: None }
    }

    /// It goes on from where it stood.
    pub(crate) fn from(stood: Workflow, goes_on: Answer<Workflow>) -> Self {
        Self { workflow: goes_on.view, stood: Some(stood) }
    }

    pub(crate) fn adw_id(&self) -> &AdwId {
        &self.workflow.adw_id
    }

    pub(crate) fn since(&self) -> Since<'_> {
        self.stood.as_ref().map_or(Since::Beginning, Since::Stood)
    }

    /// The first line of a new one: what was accepted. Of one that goes on its person knows.
    pub(crate) fn announce(&self, cx: &Context) -> Result<(), Failure> {
        if self.stood.is_some() {
            return Ok(());
        }
        let title = printable(&self.workflow.title);
        Ok(cx.output.line(format_args!("{}  {title}", Styled(style::STRONG, self.adw_id())))?)
    }
}

/// Sets a task going and follows it, with the server that is meant or alone. Of several who begin alone at the same moment
/// one is the server of all; where that is gone before it has answered, nothing is lost yet, and they try again: one of
/// them is the next.
pub(crate) async fn follow<E: Errand>(cx: &Context, errand: &E) -> Result<Exit, Failure> {
    let mut tries = 0;
    loop {
        if let Some((client, stay, begun)) = hand_over(cx, errand).await? {
            begun.announce(cx)?;
            return match stay {
                Stay::UntilStopped => follow::to_the_end(cx, &client, begun.adw_id(), begun.since()).await,
                Stay::ForATask => Box::pin(alone::follow(cx, &client, &begun)).await,
            };
        }
        match Box::pin(alone::run(cx, errand)).await {
            Err(Failure::InUse { .. } | Failure::Unsettled { .. }) if tries < TRIES => tries += 1,
            ended => return ended,
        }
        pause(tries).await;
    }
}

/// Asks the server that is meant. None where no server was named, and none is there.
async fn hand_over<E: Errand>(cx: &Context, errand: &E) -> Result<Option<(Client, Stay, Begun)>, Failure> {
    let may_be_alone = cx.named_server()?.is_none();
    for _ in 0..LOOKS {
        let found = match E::SEARCH {
            Search::Now => cx.server().await,
            Search::AtLast => cx.server_at_last().await,
        };
        let (client, stay) = match found {
            Err(Failure::NoServer { .. }) if may_be_alone => return Ok(None),
            found => found?,
        };
        match errand.ask(&client).await {
            Err(Failure::Request(error)) if may_be_alone && error.is_absence() => {}
            begun => return Ok(Some((client, stay, begun?))),
        }
    }
    Ok(None)
}
