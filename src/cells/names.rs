//! Shortens the names of a list so that those that differ still look different.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::text::{cluster_width, clusters, ellipsis, is_separator, middle, width};

/// How often names that still look alike are shortened in another way.
const ROUNDS: usize = 8;
/// Maximum clusters of a word around a difference that come before the ends of the name.
const WORD: usize = 12;
/// Number of lists whose short names are kept.
const KEPT: usize = 16;

/// A list, in order and without doubles, and its short names.
struct Known {
    room: usize,
    ascii: bool,
    names: Vec<String>,
    short: Rc<[String]>,
}

thread_local! {
    /// The latest lists: the rows of a table are the same in nearly all frames, and may be hundreds.
    static KNOWN: RefCell<VecDeque<Known>> = const { RefCell::new(VecDeque::new()) };
}

/// Shortens names to `room` columns. Each loses its middle; of names that would look alike then, the places where they
/// differ are kept instead. So `/api/v2/customers/{id}/orders` and `/api/v2/customers/{id}/invoices` can be told apart in
/// every width that has room for their difference.
pub fn names(names: &[&str], room: usize, ascii: bool) -> Vec<String> {
    if names.iter().all(|name| width(name) <= room) {
        return names.iter().map(|name| (*name).to_owned()).collect();
    }
    // The order of the rows changes with their figures; their names do not depend on it.
    let mut list = names.to_vec();
    list.sort_unstable();
    list.dedup();
    let short = known(&list, room, ascii);
    let short_of =
        |name: &&str| list.binary_search(name).ok().and_then(|at| short.get(at)).cloned().unwrap_or_default();
    names.iter().map(short_of).collect()
}

/// The short names of a list, kept for the next time.
fn known(list: &[&str], room: usize, ascii: bool) -> Rc<[String]> {
    KNOWN.with_borrow_mut(|known| {
        let is_it = |one: &Known| one.room == room && one.ascii == ascii && one.names == list;
        let found = known.iter().position(is_it).and_then(|at| known.remove(at));
        let one = found.unwrap_or_else(|| Known {
            room,
            ascii,
            names: list.iter().map(|name| (*name).to_owned()).collect(),
            short: shortened(list, room, ascii).into(),
        });
        let short = Rc::clone(&one.short);
        known.push_front(one);
        known.truncate(KEPT);
        short
    })
}

fn shortened(names: &[&str], room: usize, ascii: bool) -> Vec<String> {
    let mut shown: Vec<String> = names.iter().map(|name| middle(name, room, ascii)).collect();
    let mut long: Vec<Name<'_>> = Vec::new();
    for (at, name) in names.iter().enumerate().filter(|(_, name)| width(name) > room) {
        long.push(Name { at, clusters: clusters(name).collect(), kept: Vec::new() });
    }
    for _ in 0..ROUNDS {
        let mut alike: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, name) in long.iter().enumerate() {
            alike.entry(shown[name.at].as_str()).or_default().push(index);
        }
        let found: Vec<(usize, Vec<usize>)> =
            alike.into_values().filter_map(|group| Some((difference(&long, &group)?, group))).collect();
        let mut has_changed = false;
        for (place, group) in found {
            for index in group {
                let name = &mut long[index];
                let place = place.min(name.clusters.len().saturating_sub(1));
                if !name.kept.contains(&place) {
                    name.kept.push(place);
                    shown[name.at] = name.around(room, ascii);
                    has_changed = true;
                }
            }
        }
        if !has_changed {
            break;
        }
    }
    shown
}

/// The first place where the names of a group differ; `None` if they are equal.
fn difference(long: &[Name<'_>], group: &[usize]) -> Option<usize> {
    let (first, others) = group.split_first()?;
    let first = &long.get(*first)?.clusters;
    let places = others.iter().filter_map(|other| {
        let other = &long.get(*other)?.clusters;
        let same = first.iter().zip(other).take_while(|(a, b)| a == b).count();
        (same < first.len().max(other.len())).then_some(same)
    });
    places.min()
}

/// A name that is too long.
struct Name<'a> {
    /// Index in the list.
    at: usize,
    clusters: Vec<&'a str>,
    /// Clusters that must be visible.
    kept: Vec<usize>,
}

impl Name<'_> {
    /// What must be visible, with the words around it; then as much as possible of the end and the beginning.
    fn around(&self, room: usize, ascii: bool) -> String {
        let count = self.clusters.len();
        let mut visible = vec![false; count];
        // Columns of what is visible, with a mark for each gap; nothing is one gap.
        let mut cells = 1;
        let mut show = |at: usize| {
            if !visible[at] {
                let is_shown = |at: Option<usize>| at.and_then(|at| visible.get(at)).copied().unwrap_or(true);
                // A cluster between two gaps divides one into two; one between two that are visible fills it.
                let gaps = match (is_shown(at.checked_sub(1)), is_shown(at.checked_add(1))) {
                    (false, false) => 2,
                    (true, true) => 0,
                    _ => 1,
                };
                let wanted = cells + cluster_width(self.clusters[at]) + gaps - 1;
                if wanted <= room {
                    (visible[at], cells) = (true, wanted);
                }
            }
            visible[at]
        };
        let is_word = |at: &usize| !is_separator(self.clusters[*at]);
        for place in &self.kept {
            show(*place);
        }
        for place in &self.kept {
            let begin = (0..*place).rev().take(WORD).take_while(is_word).last().unwrap_or(*place);
            let begin = begin.saturating_sub(usize::from(begin > 0 && is_separator(self.clusters[begin - 1])));
            let end = (*place..count).take(WORD).take_while(is_word).last().unwrap_or(*place);
            let _ = (begin..*place).rev().all(&mut show) && (*place..=end).all(&mut show);
        }
        let _ = (0..count).rev().all(&mut show);
        let _ = (0..count).all(&mut show);
        let mut out = String::new();
        let mut is_gap = false;
        for (cluster, is_visible) in self.clusters.iter().zip(visible) {
            if is_visible {
                out.push_str(cluster);
            } else if !is_gap {
                out.push(ellipsis(ascii));
            }
            is_gap = !is_visible;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn short(list: &[&str], room: usize) -> Vec<String> {
        let shown = names(list, room, false);
        assert!(shown.iter().all(|name| width(name) <= room), "{shown:?} in {room}");
        shown
    }

    #[test]
    fn names_that_differ_at_their_end_can_be_told_apart() {
        let list = ["/api/v2/customers/{id}/orders", "/api/v2/customers/{id}/invoices", "/api/v2/customers/{id}", "/"];
        assert_eq!(short(&list, 18), ["/api/…/{id}/orders", "/ap…/{id}/invoices", "/a…/customers/{id}", "/"]);
        assert_eq!(short(&list, 40), list);
    }

    #[test]
    fn names_keep_where_they_differ() {
        // In the middle, at the beginning, and at both ends.
        for list in [
            &["/api/v2/customers/{id}/orders/pending/summary", "/api/v2/customers/{id}/invoices/pending/summary"][..],
            &["/shop-a/customers/{id}/orders/pending", "/shop-b/customers/{id}/orders/pending"],
            &["/one/customers/{id}/a", "/two/customers/{id}/a", "/one/customers/{id}/b", "/two/customers/{id}/b"],
            &["日本語/テスト/注文/一覧/全部/詳細", "日本語/テスト/請求/一覧/全部/詳細"],
        ] {
            for room in 14..40 {
                let shown = short(list, room);
                let distinct: HashSet<&String> = shown.iter().collect();
                assert_eq!(distinct.len(), list.len(), "{room}: {shown:?}");
            }
        }
        let list = ["/api/v2/customers/{id}/orders/pending/summary", "/api/v2/customers/{id}/invoices/pending/summary"];
        assert_eq!(short(&list, 20), ["…/orders…ing/summary", "…/invoices…g/summary"]);
    }

    #[test]
    fn many_names_can_be_told_apart() {
        let list: Vec<String> = (0..400)
            .map(|i| format!("/api/v{}/customers/{{id}}/orders/{{order}}/lines/{}/of/everything", i % 20, i / 20))
            .collect();
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        let shown = short(&list, 18);
        let distinct: HashSet<&String> = shown.iter().collect();
        assert_eq!(distinct.len(), list.len(), "{shown:?}");
    }

    #[test]
    fn short_names_do_not_depend_on_the_order_of_the_rows() {
        let list = ["/api/v2/customers/{id}/orders", "/api/v2/customers/{id}/invoices", "/api/v2/customers/{id}"];
        let [a, b, c] = list;
        let one = short(&list, 18);
        let other = short(&[c, a, b, a], 18);
        assert_eq!(other, [&*one[2], &*one[0], &*one[1], &*one[0]]);
    }

    #[test]
    fn long_names_take_no_long_time() {
        // With a time that grows with the square of the length, this would take minutes.
        let list: Vec<String> =
            (0..50).map(|i| format!("/{}/{i}/{}", "a/".repeat(20_000), "b/".repeat(20_000))).collect();
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        assert_eq!(short(&list, 30).iter().collect::<HashSet<_>>().len(), list.len());
    }

    #[test]
    fn equal_names_stay_equal() {
        let list = ["/api/v2/customers/{id}/orders"; 3];
        let shown = short(&list, 12);
        assert!(shown.iter().all(|name| *name == shown[0]), "{shown:?}");
        assert_eq!(names(&list, 0, true), ["", "", ""]);
    }
}
