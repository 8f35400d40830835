//! The highlighted row stays the same when the list changes, and Enter opens it.

use super::*;
use crate::tui::cursor::Subject;

/// The subject that Enter opens.
fn opened(model: &mut Model) -> String {
    press(model, "\n");
    let Some(Overlay::Detail { subject, .. }) = &model.overlay else { panic!("no detail") };
    let name = match subject {
        Subject::Endpoint { name, .. } => name.to_string(),
        Subject::Failure { id, .. } => id.to_string(),
    };
    press(model, "\x1b");
    name
}

#[test]
fn the_endpoint_stays_while_the_order_changes() {
    let mut model = fixture::dashboard();
    press(&mut model, "jj");
    assert_eq!(opened(&mut model), "/api/products");
    for keys in ["s", "s", "s", "s", "s", "s", "s", "s", "S", "w", "s", "f"] {
        press(&mut model, keys);
        assert_eq!(opened(&mut model), "/api/products", "{keys}");
    }
    press(&mut model, "\x1b/products\n");
    assert_eq!(opened(&mut model), "/api/products");
    press(&mut model, "\x1b");
    assert_eq!(opened(&mut model), "/api/products");
}

#[test]
fn the_highlight_follows_its_row_when_the_order_changes() {
    let mut model = fixture::dashboard();
    press(&mut model, "sssss");
    let first = opened(&mut model);
    let mut later = fixture::snapshot(135);
    later.endpoints.reverse();
    later.endpoints.iter_mut().zip(1..).for_each(|(row, n)| row.total.rps = f64::from(n));
    handle(&mut model, Message::Snapshot(Arc::new(later)));
    assert_eq!(opened(&mut model), first);
}

#[test]
fn the_failure_stays_while_others_overtake_it() {
    let mut model = fixture::dashboard();
    press(&mut model, "\tj");
    assert_eq!(opened(&mut model), "41");
    let mut later = fixture::snapshot(135);
    later.failures.rows.swap(0, 1);
    let mut new = later.failures.rows[0].clone();
    new.id = 7;
    later.failures.rows.insert(0, new);
    handle(&mut model, Message::Snapshot(Arc::new(later.clone())));
    assert_eq!(opened(&mut model), "41");
    // The row is gone: the row at its position is highlighted, and stays so.
    later.failures.rows.retain(|row| row.id != 41);
    handle(&mut model, Message::Snapshot(Arc::new(later.clone())));
    let instead = opened(&mut model);
    assert_eq!(instead, "86");
    later.failures.rows.reverse();
    handle(&mut model, Message::Snapshot(Arc::new(later)));
    assert_eq!(opened(&mut model), instead);
    // After a reset there is nothing to open.
    let mut empty = fixture::snapshot(136);
    empty.failures.rows.clear();
    handle(&mut model, Message::Snapshot(Arc::new(empty)));
    press(&mut model, "\n");
    assert!(model.overlay.is_none());
}
