//! The panes of the dashboard. To add one, add a file in this folder and a row in [`PANES`].

mod charts;
mod endpoints;
mod failures;
mod names;
mod pane;
mod percentiles;
mod redis;
mod redis_content;
mod rows;

pub(crate) use pane::{Pane, Place, Scene};
pub(crate) use rows::Rows;

use crate::tui::model::{Focus, Run};

/// All panes. `Tab` cycles through those with a list, in this order.
pub(crate) static PANES: [&Pane; 5] =
    [&endpoints::PANE, &failures::PANE, &percentiles::PANE, &charts::PANE, &redis::PANE];

/// The focused pane.
pub(crate) fn focused(run: &Run) -> &'static Pane {
    PANES.get(run.focus.pane).copied().unwrap_or(&endpoints::PANE)
}

/// The focus after `Tab`, or after `Shift-Tab` if `is_back`.
pub(crate) fn next(focus: Focus, is_back: bool) -> Focus {
    let count = PANES.len();
    let step = if is_back { count - 1 } else { 1 };
    let places = (1..=count).map(|n| (focus.pane + n * step) % count);
    let mut lists = places.filter_map(|pane| Some(Focus { pane, list: PANES[pane].list? }));
    lists.next().unwrap_or(focus)
}

/// The panes in a kind of place, in order.
pub(super) fn at(is_wanted: impl Fn(Place) -> bool) -> impl Iterator<Item = &'static Pane> {
    PANES.iter().copied().filter(move |pane| is_wanted(pane.place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_cycles_through_panes_with_a_list() {
        let first = Focus::default();
        assert_eq!(Some(first.list), PANES[first.pane].list, "a run begins with the first pane");
        let mut focus = first;
        let names: Vec<&str> = (0..3)
            .map(|_| {
                focus = next(focus, false);
                assert_eq!(next(next(focus, true), false), focus);
                PANES[focus.pane].name
            })
            .collect();
        assert_eq!(names, ["Failures", "Percentiles", "Endpoints"]);
    }
}
