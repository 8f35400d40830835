//! Limits of the process.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Every user has connections of its own, so the soft limit of open files is raised to the hard one. A failure is not
/// an error: the generator's health shows the limit once it matters.
pub(super) fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}
