//! katydid: an interactive load tester that lives in the terminal.
//!
//! ```text
//! scenario.yaml ──▶ scenario::Scenario ──▶ scenario::plan::Plan (immutable, compiled, Arc)
//!                                            │
//!   keys ─▶ tui::update ─▶ Command ─▶ engine::supervisor ─▶ shard 0 ─┐  users ─▶ protocol::http
//!  flags ─▶ headless ────▶    │      (how many users)       shard 1 ─┘     │
//!                             │                             …              ▼  record(): no lock, no allocation
//!                             │                                        stats::Recorder (one a shard)
//!                             │                                            │  every 250 ms, swapped whole
//!                             │                                            ▼
//!                             │                                        stats::Aggregator (owns all totals)
//!                             │                                            │  publishes
//!                             ▼                                            ▼
//!                        RunHandle ◀──────────────────────── watch<Arc<Snapshot>> ─▶ tui, headless, report
//! ```
//!
//! Data goes one way; orders go the other way through one [`engine::Command`] channel. The screen, the headless run
//! and every report read the same [`stats::Snapshot`], so they cannot disagree.

pub mod cells;
pub mod clean;
pub mod cli;
pub mod demo;
pub mod doctor;
pub mod engine;
pub mod github;
pub mod headless;
pub mod import;
pub mod protocol;
pub mod report;
pub mod row_kind;
pub mod scenario;
pub mod settings;
pub mod sink;
pub mod stats;
pub mod store;
pub mod system;
pub mod tui;
pub mod units;
pub mod verdict;
