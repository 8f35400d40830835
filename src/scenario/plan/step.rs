//! Steps of users.

use std::sync::Arc;

use super::{EndpointId, GraphqlStep, HttpStep, Pause, PublishStep, RedisStep, SubscribeStep, SubscriptionStep};
use crate::scenario::eval::template::{Condition, RenderError, Scope, SlotId, Template, Text};

/// A flow: an index into [`Plan::flows`](super::Plan::flows).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlowId(pub u32);

/// A named step list. It runs in the caller's scope: what it sets and captures stays set.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Key under `flows`.
    pub name: Arc<str>,
    /// Run in order.
    pub steps: Vec<Step>,
}

/// One step of a task.
#[derive(Debug, Clone)]
pub struct Step {
    /// Evaluated first; the step is skipped if it is false. An error in the condition fails the step.
    pub when: Option<Condition>,
    /// Action.
    pub action: Action,
}

/// The action of a step.
///
/// A failed step (a template that fails, a capture that finds nothing, a failed request) is recorded, and the following
/// steps run, as after a failed request in Locust. Only `stop` ends a step list early.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sends an HTTP request, reads the response, evaluates expectations and captures.
    Http(Box<HttpStep>),
    /// Sends a GraphQL query or mutation over HTTP.
    Graphql(Box<GraphqlStep>),
    /// Receives the events of a GraphQL subscription over a WebSocket.
    Subscription(Box<SubscriptionStep>),
    /// Publishes a message to a Redis channel.
    Publish(Box<PublishStep>),
    /// Subscribes to Redis channels until the user stops or unsubscribes.
    Subscribe(Box<SubscribeStep>),
    /// Unsubscribes from these channels; from all if empty.
    Unsubscribe(Vec<Text>),
    /// Executes a Redis command.
    Redis(Box<RedisStep>),
    /// Sets slots in order; later values can use earlier ones.
    Set(Vec<(SlotId, Template)>),
    /// Waits for [`Pause::draw`]; the time is not in the statistics.
    Wait(Pause),
    /// Adds a line to the log, masked with [`Plan::secrets`](super::Plan::secrets).
    Log(Text),
    /// Runs the steps `count` times.
    Repeat {
        /// Number of passes; evaluated once, before the first.
        count: LoopCount,
        /// Slot for the number of the pass, from 0.
        index: Option<SlotId>,
        /// Run in order, `count` times.
        steps: Vec<Step>,
    },
    /// Runs the steps once per item of a list.
    ForEach {
        /// Evaluated once, by [`Template::items`].
        list: Template,
        /// Slot for the item; keeps the last item afterwards.
        item: SlotId,
        /// Run in order for each item.
        steps: Vec<Step>,
    },
    /// Runs the steps while the condition is true.
    While {
        /// Evaluated before each pass.
        condition: Condition,
        /// Maximum number of passes: after it, the loop ends and an exception is recorded.
        limit: u32,
        /// Run in order.
        steps: Vec<Step>,
    },
    /// Runs one of two lists.
    If {
        /// Evaluated once.
        condition: Condition,
        /// Run if the condition is true.
        then: Vec<Step>,
        /// Run if the condition is false; may be empty.
        otherwise: Vec<Step>,
    },
    /// Runs a flow in the scope of this user.
    Call {
        /// The flow.
        flow: FlowId,
        /// Slots set before the flow.
        with: Vec<(SlotId, Template)>,
    },
    /// Ends the task, the user or the run.
    Stop(StopScope),
}

impl Action {
    /// The nested step lists; empty for other actions.
    pub fn children(&self) -> [&[Step]; 2] {
        match self {
            Action::Repeat { steps, .. } | Action::ForEach { steps, .. } | Action::While { steps, .. } => [steps, &[]],
            Action::If { then, otherwise, .. } => [then, otherwise],
            _ => [&[], &[]],
        }
    }

    /// How often the nested steps run per execution: 1 unless it is a loop; `None` if unknown before the run.
    pub fn iterations(&self) -> Option<f64> {
        match self {
            Action::Repeat { count: LoopCount::Fixed(n), .. } => Some(f64::from(*n)),
            Action::Repeat { .. } | Action::While { .. } => None,
            Action::ForEach { list, .. } => list.known_length().map(|n| n as f64),
            _ => Some(1.0),
        }
    }

    /// Like [`Action::children`], mutable.
    pub(super) fn children_mut(&mut self) -> [&mut [Step]; 2] {
        match self {
            Action::Repeat { steps, .. } | Action::ForEach { steps, .. } | Action::While { steps, .. } => {
                [steps, &mut []]
            }
            Action::If { then, otherwise, .. } => [then, otherwise],
            _ => [&mut [], &mut []],
        }
    }

    /// Key in a scenario; `request` for HTTP methods.
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

    /// Row of the statistics.
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

/// Visits all actions, at any depth, parents first. Calls are not followed.
pub(crate) fn walk(steps: &[Step], visit: &mut impl FnMut(&Action)) {
    for step in steps {
        visit(&step.action);
        step.action.children().into_iter().for_each(|inner| walk(inner, visit));
    }
}

/// Scope of `stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopScope {
    /// The current task: its remaining steps are skipped; the next task starts after the wait.
    Task,
    /// This user: remaining steps are skipped, `on_stop` runs, and the user is not replaced.
    User,
    /// The run, as with a manual stop: users finish their tasks within `stop_timeout`.
    Run,
}

/// Number of passes of a `repeat`.
#[derive(Debug, Clone)]
pub enum LoopCount {
    /// Constant.
    Fixed(u32),
    /// A template, evaluated when the loop starts.
    Computed(Template),
}

/// Maximum number of passes of a loop.
pub const MAX_ITERATIONS: u32 = 1_000_000;

impl LoopCount {
    /// Number of passes, at most [`MAX_ITERATIONS`].
    ///
    /// # Errors
    /// If the template fails or its value is not a valid number.
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
