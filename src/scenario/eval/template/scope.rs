//! The variables that the templates of a user read.
//!
//! Variables that change during a run (captures, `set`, loop variables, rows of data files) are numbered once per plan;
//! each user has an array of values, so that reading a variable is an index.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use minijinja::Value;

use super::bounded::RenderError;
use super::sequences::{Sequence, Sequences};
use crate::scenario::secrets::Redactor;

/// The number of a variable: an index into a user's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(pub u32);

/// The variables of a plan, their initial values, and the environment.
#[derive(Debug, Default)]
pub struct SlotTable {
    names: Vec<Arc<str>>,
    index: HashMap<Arc<str>, SlotId>,
    initial: Vec<Value>,
    environment: Value,
}

impl SlotTable {
    /// A table without variables. `environment` is what `env.NAME` reads.
    pub fn new(environment: &BTreeMap<String, String>) -> Self {
        let environment = Value::from_pairs(environment.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        Self { environment, ..Self::default() }
    }

    /// Adds a variable; an existing one keeps its number and its initial value.
    pub fn insert(&mut self, name: &str, initial: Value) -> SlotId {
        if let Some(id) = self.index.get(name) {
            return *id;
        }
        // A file of at most 1 MB cannot define more variables than u32 counts.
        let id = SlotId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.initial.push(initial);
        self.index.insert(name, id);
        id
    }

    /// The number of a variable.
    pub fn id(&self, name: &str) -> Option<SlotId> {
        self.index.get(name).copied()
    }

    /// The name of a variable.
    pub fn name(&self, id: SlotId) -> &str {
        self.names.get(id.0 as usize).map_or("", |name| name)
    }

    /// All names, in the order of their numbers.
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    pub(super) fn environment(&self) -> &Value {
        &self.environment
    }
}

/// The variables of one user, and the user's random generator.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Seeded from `--seed` and the user's id, so that a run can be repeated.
    pub rng: fastrand::Rng,
    /// `user.id`: from 1, unique among the users alive.
    pub user_id: u64,
    /// `iteration`: number of iterations that the user has started before this one.
    pub iteration: u64,
    /// `vars`.
    pub vars: Arc<Value>,
    /// Masks secrets in messages about values.
    pub secrets: Arc<Redactor>,
    /// Counters that all users of a run share; `None` outside of a run.
    pub sequences: Option<Arc<Sequences>>,
    slots: Vec<Value>,
    table: Arc<SlotTable>,
}

static EMPTY: LazyLock<Arc<SlotTable>> = LazyLock::new(Arc::default);
static NO_SECRETS: LazyLock<Arc<Redactor>> = LazyLock::new(Arc::default);

impl Scope {
    /// The scope of a new user in a plan without variables; equal seeds and ids give equal random values.
    pub fn new(seed: u64, user_id: u64, vars: Arc<Value>) -> Self {
        Self::with_slots(seed, user_id, vars, Arc::clone(&EMPTY))
    }

    /// The scope of a new user: every variable has its initial value.
    pub fn with_slots(seed: u64, user_id: u64, vars: Arc<Value>, table: Arc<SlotTable>) -> Self {
        // Multiplying by an odd constant spreads consecutive user ids over the whole range.
        let seed = seed ^ user_id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slots = table.initial.clone();
        let (rng, secrets) = (fastrand::Rng::with_seed(seed), Arc::clone(&NO_SECRETS));
        Self { rng, user_id, iteration: 0, vars, secrets, sequences: None, slots, table }
    }

    /// The value of a variable; undefined if it is not set.
    pub fn get(&self, slot: SlotId) -> &Value {
        self.slots.get(slot.0 as usize).unwrap_or(&Value::UNDEFINED)
    }

    /// Sets a variable; ignores a number that is not in this plan.
    pub fn set(&mut self, slot: SlotId, value: Value) {
        if let Some(value_of_slot) = self.slots.get_mut(slot.0 as usize) {
            *value_of_slot = value;
        }
    }

    /// The next number of a sequence.
    pub(super) fn next_of(&self, sequence: &Sequence) -> Result<i64, RenderError> {
        let Some(sequences) = &self.sequences else { return Ok(Sequences::first(sequence)) };
        sequences.next(sequence).map_err(RenderError)
    }

    /// The table of variables.
    pub fn table(&self) -> &SlotTable {
        &self.table
    }

    pub(super) fn by_name(&self, name: &str) -> Option<Value> {
        if let Some(slot) = self.table.id(name) {
            return Some(self.get(slot).clone()).filter(|value| !value.is_undefined());
        }
        self.vars.get_attr(name).ok().filter(|value| !value.is_undefined())
    }

    /// The value of a variable or of a member of it.
    pub(super) fn read(&self, slot: SlotId, member: Option<&str>) -> Result<Value, RenderError> {
        let value = self.get(slot);
        let name = || self.table.name(slot);
        if value.is_undefined() {
            return Err(RenderError(format!(
                "`{}` has no value: nothing has set it, or what captures it found nothing",
                name()
            )));
        }
        let Some(member) = member else { return Ok(value.clone()) };
        match value.get_attr(member) {
            Ok(found) if !found.is_undefined() => Ok(found),
            _ => Err(RenderError(format!("`{}` has no `{member}`", name()))),
        }
    }
}
