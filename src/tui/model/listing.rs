//! Keeps the launcher's list up to date while files are added, changed and removed.

use super::launcher::{Item, Launcher};
use crate::scenario::catalog::Entry;
use crate::tui::stamps::Stamps;

/// The present entries, and which of the known ones have to be read again.
#[derive(Debug)]
pub(crate) struct Listing {
    pub entries: Vec<Entry>,
    /// In the order of the items.
    pub is_changed: Vec<bool>,
}

impl Launcher {
    /// The files of each item, to see whether they have changed; `None` for one that was not read yet. A scenario that
    /// cannot be read, for example because its data is missing, does not know all of its files: if it is highlighted, it
    /// is read again each time.
    pub fn files(&self) -> Vec<Option<Stamps>> {
        self.items.iter().map(|item| item.reading.as_ref().map(|reading| reading.stamps.clone())).collect()
    }

    /// Starts an entry, whose files have changed, once it has been read again.
    pub fn read_and_start(&mut self, index: usize) {
        if let Some(item) = self.items.get_mut(index) {
            item.is_changed = true;
            self.is_start_due = true;
        }
    }

    /// Replaces the list by another, and keeps what was read of entries that have not changed. Returns whether anything
    /// has changed. Entries must not be read or checked meanwhile, because their indices change.
    pub fn list(&mut self, listing: Listing) -> bool {
        let Listing { entries, mut is_changed } = listing;
        if let Some((changed, _)) = is_changed.get_mut(self.selected).zip(self.item().and_then(Item::error)) {
            *changed = true;
        }
        let is_same = self.items.len() == entries.len()
            && self.items.iter().zip(&entries).all(|(item, entry)| item.entry.is_same(entry));
        if is_same && !is_changed.contains(&true) {
            return false;
        }
        let highlighted = self.vanished.take().or_else(|| self.item().map(|item| item.entry.clone()));
        let was_changed = is_changed.get(self.selected) == Some(&true);
        let mut known: Vec<Option<Item>> = std::mem::take(&mut self.items).into_iter().map(Some).collect();
        let item = |entry: Entry| {
            let same = |one: &Option<Item>| one.as_ref().is_some_and(|item| item.entry.is_same(&entry));
            let index = known.iter().position(same);
            let item = index.and_then(|index| Some((index, known.get_mut(index)?.take()?)));
            item.map_or_else(
                || Item::new(entry),
                |(index, item)| Item { is_changed: item.is_changed || is_changed.get(index) == Some(&true), ..item },
            )
        };
        self.items = entries.into_iter().map(item).collect();
        let place = |is_it: &dyn Fn(&Entry) -> bool| self.items.iter().position(|item| is_it(&item.entry));
        // A file that hides an embedded scenario has its name.
        let found = highlighted
            .as_ref()
            .and_then(|old| place(&|entry| entry.is_same(old)).or_else(|| place(&|entry| entry.name == old.name)));
        let is_there =
            found.is_some_and(|index| highlighted.as_ref().is_some_and(|old| self.items[index].entry.is_same(old)));
        if found.is_none() {
            self.vanished.clone_from(&highlighted);
        }
        self.selected = found.unwrap_or_else(|| self.selected.min(self.items.len().saturating_sub(1)));
        if !is_there || was_changed && self.refused.is_some() {
            self.refresh();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Overrides;
    use crate::scenario::catalog::Origin;
    use std::path::Path;

    const GOOD: &str = "host: http://h\ntasks: [{ steps: [{ get: / }] }]";

    fn write(folder: &Path, name: &str, text: &str) -> Entry {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        Entry::file(&path, Origin::Folder)
    }

    fn read_all(launcher: &mut Launcher) -> Vec<usize> {
        let mut read = Vec::new();
        while let Some(request) = launcher.to_read() {
            read.push(request.index);
            launcher.take(request.index, request.read());
        }
        read
    }

    /// A listing of these entries, as the screen makes it.
    fn relist(launcher: &mut Launcher, entries: Vec<Entry>) -> bool {
        let is_changed = launcher.files().into_iter().map(|stamps| stamps.is_some_and(|one| !one.are_current()));
        let is_changed = is_changed.collect();
        launcher.list(Listing { entries, is_changed })
    }

    #[test]
    fn only_new_and_changed_files_are_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (write(folder.path(), "a.yaml", GOOD), write(folder.path(), "b.yaml", GOOD));
        let mut launcher = Launcher::new(vec![a.clone(), b.clone()], Overrides::default());
        launcher.selected = 1;
        read_all(&mut launcher);
        assert!(!relist(&mut launcher, vec![a.clone(), b.clone()]), "nothing has changed");
        let new = write(folder.path(), "aa.yaml", GOOD);
        assert!(relist(&mut launcher, vec![a.clone(), new.clone(), b.clone()]));
        assert_eq!((launcher.selected, read_all(&mut launcher)), (2, vec![1]), "the highlight stays where it was");
        write(folder.path(), "b.yaml", &format!("{GOOD}\nusers: 77"));
        assert!(relist(&mut launcher, vec![a.clone(), new, b.clone()]));
        assert!(launcher.is_waiting() && launcher.preview().is_some(), "the old preview stays until then");
        assert_eq!(read_all(&mut launcher), [2]);
        assert_eq!(launcher.preview().unwrap().load.users.0, 77);
        assert!(relist(&mut launcher, vec![a]));
        assert_eq!((launcher.selected, read_all(&mut launcher).len()), (0, 0), "the highlighted one was removed");
    }

    #[test]
    fn the_highlight_returns_to_a_file_that_was_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (write(folder.path(), "a.yaml", GOOD), write(folder.path(), "b.yaml", GOOD));
        let mut launcher = Launcher::new(vec![a.clone(), b.clone()], Overrides::default());
        read_all(&mut launcher);
        assert!(relist(&mut launcher, vec![b.clone()]));
        // Another change meanwhile.
        let c = write(folder.path(), "c.yaml", GOOD);
        assert!(relist(&mut launcher, vec![b.clone(), c.clone()]));
        assert!(relist(&mut launcher, vec![a.clone(), b.clone(), c.clone()]));
        assert_eq!((launcher.selected, launcher.vanished.is_none()), (0, true));
        launcher.selected = 1;
        assert!(relist(&mut launcher, vec![a, b]));
        assert_eq!(launcher.selected, 1);
    }

    #[test]
    fn a_broken_scenario_is_read_until_it_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let entry = write(folder.path(), "a.yaml", &format!("{GOOD}\ndata: {{ users: {{ file: u.csv }} }}"));
        let mut launcher = Launcher::new(vec![entry.clone()], Overrides::default());
        read_all(&mut launcher);
        assert!(launcher.item().unwrap().error().is_some());
        // A file that is not the scenario itself.
        std::fs::write(folder.path().join("u.csv"), "id\n1\n").unwrap();
        assert!(relist(&mut launcher, vec![entry]));
        read_all(&mut launcher);
        assert_eq!(launcher.item().unwrap().error().map(|error| error.text.clone()), None);
    }

    #[test]
    fn data_files_count_too() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("u.csv"), "id\n1\n").unwrap();
        let entry = write(folder.path(), "a.yaml", &format!("{GOOD}\ndata: {{ users: {{ file: u.csv }} }}"));
        let mut launcher = Launcher::new(vec![entry.clone()], Overrides::default());
        read_all(&mut launcher);
        std::fs::write(folder.path().join("u.csv"), "id\n1\n2\n").unwrap();
        assert!(relist(&mut launcher, vec![entry]));
        assert_eq!(read_all(&mut launcher), [0]);
    }
}
