//! What the templates of one user can see.
//!
//! Names that change during a run (captures, `set`, loop variables, rows of data files) are numbered once for the whole
//! plan; each user holds one value for each number, so that reading a name in a step is an index.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use minijinja::Value;

use super::bounded::RenderError;
use crate::scenario::secrets::Redactor;

/// The number of a name that changes during a run: an index into a user's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(pub u32);

/// All names of a plan that change, what each holds at first, and the environment variables.
#[derive(Debug, Default)]
pub struct SlotTable {
    names: Vec<Arc<str>>,
    index: HashMap<Arc<str>, SlotId>,
    initial: Vec<Value>,
    environment: Value,
}

impl SlotTable {
    /// A table without names. `environment` holds what `env.NAME` can read.
    pub fn new(environment: &BTreeMap<String, String>) -> Self {
        let environment = Value::from_pairs(environment.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        Self { environment, ..Self::default() }
    }

    /// Numbers a name; a name that is known keeps its number and its first value.
    pub fn insert(&mut self, name: &str, initial: Value) -> SlotId {
        if let Some(id) = self.index.get(name) {
            return *id;
        }
        // A file of at most 1 MB cannot hold more names than u32.
        let id = SlotId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.initial.push(initial);
        self.index.insert(name, id);
        id
    }

    /// The number of a name.
    pub fn id(&self, name: &str) -> Option<SlotId> {
        self.index.get(name).copied()
    }

    /// The name of a number.
    pub fn name(&self, id: SlotId) -> &str {
        self.names.get(id.0 as usize).map_or("", |name| name)
    }

    /// All names in the order of their numbers.
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    pub(super) fn environment(&self) -> &Value {
        &self.environment
    }
}

/// The values that templates of one user read, and the user's own random generator.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Seeded from `--seed` and the user's number, so that a run can be repeated.
    pub rng: fastrand::Rng,
    /// `user.id`: from 1, unique among the users alive.
    pub user_id: u64,
    /// `iteration`: tasks this user has begun before this one.
    pub iteration: u64,
    /// `vars`.
    pub vars: Arc<Value>,
    /// What no message about this user's values may show.
    pub secrets: Arc<Redactor>,
    slots: Vec<Value>,
    table: Arc<SlotTable>,
}

static EMPTY: LazyLock<Arc<SlotTable>> = LazyLock::new(Arc::default);
static NO_SECRETS: LazyLock<Arc<Redactor>> = LazyLock::new(Arc::default);

impl Scope {
    /// The scope of a new user in a plan without slots; equal seeds and users draw equal values.
    pub fn new(seed: u64, user_id: u64, vars: Arc<Value>) -> Self {
        Self::with_slots(seed, user_id, vars, Arc::clone(&EMPTY))
    }

    /// The scope of a new user: every slot holds its first value.
    pub fn with_slots(seed: u64, user_id: u64, vars: Arc<Value>, table: Arc<SlotTable>) -> Self {
        // An odd multiplier spreads neighbouring user numbers over the whole range of seeds.
        let seed = seed ^ user_id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slots = table.initial.clone();
        let (rng, secrets) = (fastrand::Rng::with_seed(seed), Arc::clone(&NO_SECRETS));
        Self { rng, user_id, iteration: 0, vars, secrets, slots, table }
    }

    /// What a slot holds; undefined when nothing was put there.
    pub fn get(&self, slot: SlotId) -> &Value {
        self.slots.get(slot.0 as usize).unwrap_or(&Value::UNDEFINED)
    }

    /// Puts a value into a slot; a slot of another plan is ignored.
    pub fn set(&mut self, slot: SlotId, value: Value) {
        if let Some(place) = self.slots.get_mut(slot.0 as usize) {
            *place = value;
        }
    }

    /// The names of the slots.
    pub fn table(&self) -> &SlotTable {
        &self.table
    }

    pub(super) fn by_name(&self, name: &str) -> Option<Value> {
        if let Some(slot) = self.table.id(name) {
            return Some(self.get(slot).clone()).filter(|value| !value.is_undefined());
        }
        self.vars.get_attr(name).ok().filter(|value| !value.is_undefined())
    }

    /// The value of a slot or of a member of it.
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
