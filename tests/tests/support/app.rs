//! A server on the loopback interface.

use std::convert::Infallible;
use std::net::Ipv4Addr;

use axum::http::request::Parts;
use chatkit::store::{MemoryStore, Store};
use chatkit::types::{Action, SyncCustomActionResponse, UserMessageItem, WidgetItem};
use chatkit::{ChatKitHandler, ChatKitServer, Turn, TurnError};
use chatkit_agents::{
    Agent, AgentContext, DefaultThreadItemConverter, Runner, ThreadItemConverter,
    stream_agent_response,
};
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Client, WatchedStore};

type Method<A, T> =
    Box<dyn Fn(Turn<()>, A) -> BoxFuture<'static, Result<T, TurnError>> + Send + Sync>;

/// A handler made of closures.
pub(crate) struct Bot {
    respond: Method<Option<UserMessageItem>, ()>,
    action: Method<(Action, Option<WidgetItem>), ()>,
    sync_action: Method<(Action, Option<WidgetItem>), SyncCustomActionResponse>,
}

impl Bot {
    /// A handler that answers messages.
    pub(crate) fn new<F, Fut>(respond: F) -> Self
    where
        F: Fn(Turn<()>, Option<UserMessageItem>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), TurnError>> + Send + 'static,
    {
        Self {
            respond: Box::new(move |turn, message| Box::pin(respond(turn, message))),
            action: Box::new(|_, _| Box::pin(async { Err(TurnError::msg("no actions here")) })),
            sync_action: Box::new(|_, _| {
                Box::pin(async { Err(TurnError::msg("no actions here")) })
            }),
        }
    }

    /// A handler that lets an agent answer, as the quickstart does.
    pub(crate) fn agent(agent: Agent<AgentContext<()>>) -> Self {
        Self::new(move |turn, _| {
            let agent = agent.clone();
            async move {
                let input = DefaultThreadItemConverter.history(&turn, 20).await?;
                let context = AgentContext::new(&turn);
                let run = Runner::run_streamed(&agent, input, context.clone());
                turn.forward(stream_agent_response(context, run)).await
            }
        })
    }

    /// Sets what it does about actions.
    pub(crate) fn on_action<F, Fut>(mut self, action: F) -> Self
    where
        F: Fn(Turn<()>, (Action, Option<WidgetItem>)) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), TurnError>> + Send + 'static,
    {
        self.action = Box::new(move |turn, action_of| Box::pin(action(turn, action_of)));
        self
    }

    /// Sets what it does about actions that are answered with an item.
    pub(crate) fn on_sync_action<F, Fut>(mut self, action: F) -> Self
    where
        F: Fn(Turn<()>, (Action, Option<WidgetItem>)) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<SyncCustomActionResponse, TurnError>> + Send + 'static,
    {
        self.sync_action = Box::new(move |turn, action_of| Box::pin(action(turn, action_of)));
        self
    }
}

impl ChatKitHandler for Bot {
    type Context = ();

    async fn respond(
        &self,
        turn: &Turn<()>,
        message: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        (self.respond)(turn.clone(), message).await
    }

    async fn action(
        &self,
        turn: &Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        (self.action)(turn.clone(), (action, sender)).await
    }

    async fn sync_action(
        &self,
        turn: &Turn<()>,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, TurnError> {
        (self.sync_action)(turn.clone(), (action, sender)).await
    }
}

/// A server that runs in the test's process, its store, and a client of it.
pub(crate) struct App {
    pub(crate) client: Client,
    pub(crate) store: WatchedStore,
    pub(crate) server: ChatKitServer<Bot>,
    _site: Site,
}

impl App {
    /// A server that keeps its threads in memory.
    pub(crate) async fn start(bot: Bot) -> Self {
        Self::start_on(MemoryStore::new(), bot).await
    }

    pub(crate) async fn start_on(store: impl Store<()>, bot: Bot) -> Self {
        Self::start_with(store, bot, |server| server).await
    }

    pub(crate) async fn start_with(
        store: impl Store<()>,
        bot: Bot,
        configure: impl FnOnce(ChatKitServer<Bot>) -> ChatKitServer<Bot>,
    ) -> Self {
        let store = WatchedStore::new(store);
        let server = configure(ChatKitServer::new(bot, store.clone()));
        let authenticate = |_: Parts| async { Ok::<_, Infallible>(()) };
        let site = Site::start(chatkit::axum::router(server.clone(), authenticate)).await;
        Self {
            client: site.client,
            store,
            server,
            _site: site,
        }
    }
}

/// A router that is served, and a client of it.
pub(crate) struct Site {
    pub(crate) client: Client,
    task: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn start(router: axum::Router) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = Client::new(listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { client, task }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}
