//! Samples become a [`Snapshot`].
//!
//! Each shard owns a [`Recorder`] and hands over its [`Interval`] every 250 ms. One [`Aggregator`] merges
//! intervals into totals, a sliding 10 s window and bounded series, and publishes immutable snapshots.
//! Nothing here knows the engine or the screen.

pub mod aggregator;
mod bucket;
pub mod by_row;
mod chunks;
pub mod delivery;
mod failures;
pub mod health;
mod histogram;
pub mod interval;
pub mod lookups;
mod moment;
pub mod operation;
mod recorded;
pub mod recorder;
pub mod remarks;
mod row;
pub mod sample;
pub mod second;
pub mod server;
pub mod slowest;
pub mod snapshot;
mod timeseries;
mod totals;
pub mod trace_id;
mod window;

pub use aggregator::Aggregator;
pub use bucket::{RowBucket, Sums};
pub use chunks::Chunks;
pub use histogram::{Exact, Sparse, rank};
pub use interval::Interval;
pub use lookups::Lookups;
pub use moment::Moment;
pub use recorder::Recorder;
pub use remarks::Remarks;
pub use sample::{Example, ExampleRequest, Failure, Reason, Sample};
pub use second::Second;
pub use slowest::{Slowest, TracedRequest};
pub use snapshot::Snapshot;
pub use trace_id::TraceId;
