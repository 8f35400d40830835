//! What a user does, one thing at a time.

use std::sync::Arc;

use super::{EndpointId, GraphqlStep, HttpStep, Pause, PublishStep, RedisStep, SubscribeStep, SubscriptionStep};
use crate::scenario::eval::template::{Condition, RenderError, Scope, SlotId, Template, Text};

/// A named list of steps: an index into [`Plan::flows`](super::Plan::flows).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlowId(pub u32);

/// Steps that are called by name. They run in the caller's scope: what they set and capture stays set.
#[derive(Debug, Clone)]
pub struct Flow {
    /// The key under `flows`.
    pub name: Arc<str>,
    /// Run in order.
    pub steps: Vec<Step>,
}

/// One step of a task.
#[derive(Debug, Clone)]
pub struct Step {
    /// Evaluated first; the step is skipped when it is false. An error of the condition fails the
    /// step like an error of its action.
    pub when: Option<Condition>,
    /// What is done.
    pub action: Action,
}

/// What a step does.
///
/// A step that fails (a template that cannot be filled, a miss of a capture, a failed request) is recorded, and the
/// steps after it go on, as in a locustfile whose request failed. Only `stop` ends a list of steps early.
#[derive(Debug, Clone)]
pub enum Action {
    /// Send an HTTP request, read the response, evaluate expectations and captures.
    Http(Box<HttpStep>),
    /// Send a GraphQL query or mutation over HTTP.
    Graphql(Box<GraphqlStep>),
    /// Listen to the events of a GraphQL subscription over a WebSocket.
    Subscription(Box<SubscriptionStep>),
    /// Send a message to a Redis channel.
    Publish(Box<PublishStep>),
    /// Listen to Redis channels until the user stops or unsubscribes.
    Subscribe(Box<SubscribeStep>),
    /// Stop listening to these channels; none means all.
    Unsubscribe(Vec<Text>),
    /// Send any Redis command.
    Redis(Box<RedisStep>),
    /// Fill each slot in turn; a later value sees the earlier ones.
    Set(Vec<(SlotId, Template)>),
    /// Pause for [`Pause::draw`]; a stop of the user ends it at once, and the time is in no statistic.
    Wait(Pause),
    /// Add one line to the log, masked by [`Plan::secrets`](super::Plan::secrets).
    Log(Text),
    /// Run the steps `count` times.
    Repeat {
        /// Number of iterations; evaluated once, before the first.
        count: LoopCount,
        /// Slot of the iteration's number, from 0.
        index: Option<SlotId>,
        /// Run in order, `count` times.
        steps: Vec<Step>,
    },
    /// Run the steps once for each item of a list.
    ForEach {
        /// Evaluated once, by [`Template::items`].
        list: Template,
        /// Slot of the item; keeps the last one afterwards.
        item: SlotId,
        /// Run in order for each item.
        steps: Vec<Step>,
    },
    /// Run the steps while the condition is true.
    While {
        /// Evaluated before each iteration.
        condition: Condition,
        /// After this many iterations the loop ends and one exception is recorded, so that no loop is endless.
        limit: u32,
        /// Run in order.
        steps: Vec<Step>,
    },
    /// Run one of two lists.
    If {
        /// Evaluated once.
        condition: Condition,
        /// Run when it is true.
        then: Vec<Step>,
        /// Run when it is false; may be empty.
        otherwise: Vec<Step>,
    },
    /// Run a flow in this user's scope.
    Call {
        /// The flow.
        flow: FlowId,
        /// Slots filled before it, like a `set`.
        with: Vec<(SlotId, Template)>,
    },
    /// End the user or the run.
    Stop(StopScope),
}

impl Action {
    /// The lists of steps inside it; empty for an action without any.
    pub fn children(&self) -> [&[Step]; 2] {
        match self {
            Action::Repeat { steps, .. } | Action::ForEach { steps, .. } | Action::While { steps, .. } => [steps, &[]],
            Action::If { then, otherwise, .. } => [then, otherwise],
            _ => [&[], &[]],
        }
    }

    /// How often it runs the steps inside it, each time it is executed: 1 unless it is a loop. `None` where only the run
    /// shows it.
    pub fn iterations(&self) -> Option<f64> {
        match self {
            Action::Repeat { count: LoopCount::Fixed(n), .. } => Some(f64::from(*n)),
            Action::Repeat { .. } | Action::While { .. } => None,
            Action::ForEach { list, .. } => list.known_length().map(|n| n as f64),
            _ => Some(1.0),
        }
    }

    /// The same as [`Action::children`], to be changed.
    pub(super) fn children_mut(&mut self) -> [&mut [Step]; 2] {
        match self {
            Action::Repeat { steps, .. } | Action::ForEach { steps, .. } | Action::While { steps, .. } => {
                [steps, &mut []]
            }
            Action::If { then, otherwise, .. } => [then, otherwise],
            _ => [&mut [], &mut []],
        }
    }

    /// Its key in a scenario; `request` where the key is a method.
    pub fn key(&self) -> &'static str {
        match self {
            Action::Http(_) => "request",
            Action::Graphql(_) | Action::Subscription(_) => "graphql",
            Action::Publish(_) => "publish",
            Action::Subscribe(_) => "subscribe",
            Action::Unsubscribe(_) => "unsubscribe",
            Action::Redis(_) => "redis",
            Action::Set(_) => "set",
            Action::Wait(_) => "wait",
            Action::Log(_) => "log",
            Action::Repeat { .. } => "repeat",
            Action::ForEach { .. } => "for_each",
            Action::While { .. } => "while",
            Action::If { .. } => "if",
            Action::Call { .. } => "call",
            Action::Stop(_) => "stop",
        }
    }

    /// The row of the statistics that it counts in.
    pub fn endpoint(&self) -> Option<EndpointId> {
        match self {
            Action::Http(step) => Some(step.endpoint),
            Action::Graphql(step) => Some(step.http.endpoint),
            Action::Subscription(step) => Some(step.http.endpoint),
            Action::Publish(step) => Some(step.endpoint),
            Action::Subscribe(step) => Some(step.endpoint),
            Action::Redis(step) => Some(step.endpoint),
            _ => None,
        }
    }
}

/// Visits every action of some steps, at any depth, each before those inside it. Calls are not followed.
pub(crate) fn walk(steps: &[Step], visit: &mut impl FnMut(&Action)) {
    for step in steps {
        visit(&step.action);
        step.action.children().into_iter().for_each(|inner| walk(inner, visit));
    }
}

/// What `stop` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopScope {
    /// The current task: its remaining steps are skipped and the next task begins after the wait.
    Task,
    /// This user: the remaining steps are skipped, `on_stop` is run, and no other user replaces it.
    User,
    /// The run, as if it was stopped by hand: users finish their tasks within `stop_timeout`.
    Run,
}

/// How often a `repeat` runs.
#[derive(Debug, Clone)]
pub enum LoopCount {
    /// A constant.
    Fixed(u32),
    /// A template, evaluated when the loop begins.
    Computed(Template),
}

/// Most iterations of one loop.
pub const MAX_ITERATIONS: u32 = 1_000_000;

impl LoopCount {
    /// The number of iterations, at most [`MAX_ITERATIONS`].
    ///
    /// # Errors
    /// When the template fails or its value is not a non-negative integer.
    pub fn iterations(&self, scope: &mut Scope) -> Result<u32, RenderError> {
        let template = match self {
            LoopCount::Fixed(n) => return Ok(*n),
            LoopCount::Computed(template) => template,
        };
        let value = template.value(scope)?;
        let text = super::pause::short(&value).unwrap_or_else(|| "a list or map".to_owned());
        match text.trim().trim_end_matches(".0").parse() {
            Ok(n) if n <= MAX_ITERATIONS => Ok(n),
            _ => Err(RenderError(format!("repeat: {text:?} is not a whole number from 0 to {MAX_ITERATIONS}"))),
        }
    }
}
