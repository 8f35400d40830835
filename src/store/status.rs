//! Whether what a run writes while it goes on can be written, as news for its user.

use tokio::sync::watch;

/// Whether a file is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// All of it is on the disk, or will be within a second.
    Writing,
    /// It is not now; why. It goes on when that is over.
    Waiting(String),
    /// Writing goes on again after it had to wait.
    Resumed,
}

impl Status {
    /// Takes how writing went last; true where that is news.
    pub fn update(&mut self, written: Result<(), String>) -> bool {
        let next = match (written, &*self) {
            (Err(why), _) => Status::Waiting(why),
            (Ok(()), Status::Waiting(_)) => Status::Resumed,
            (Ok(()), _) => return false,
        };
        let is_news = std::mem::discriminant(&next) != std::mem::discriminant(self);
        *self = next;
        is_news
    }
}

/// What is written while a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// The folder of the run.
    Run,
    /// The CSV files.
    Csv,
}

/// One that is being written.
#[derive(Debug, Clone)]
pub struct Writing {
    output: Output,
    status: watch::Receiver<Status>,
}

/// What is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// A sentence.
    pub text: String,
    /// Something is wrong.
    pub is_bad: bool,
}

impl Writing {
    /// Follows this status.
    pub fn new(output: Output, status: watch::Receiver<Status>) -> Self {
        Self { output, status }
    }

    /// What has changed since this was called last, if something has.
    pub fn news(&mut self) -> Option<News> {
        self.status.has_changed().unwrap_or(false).then(|| self.latest()).flatten()
    }

    /// Waits for the next change; `None` when there will be none.
    pub async fn next(&mut self) -> Option<News> {
        loop {
            self.status.changed().await.ok()?;
            if let Some(news) = self.latest() {
                return Some(news);
            }
        }
    }

    fn latest(&mut self) -> Option<News> {
        let (fails, again) = match self.output {
            Output::Run => ("the run cannot be recorded for now", "the run is recorded again, with what had to wait"),
            Output::Csv => ("the CSV files cannot be written for now", "the CSV files are written again"),
        };
        match &*self.status.borrow_and_update() {
            Status::Waiting(why) => Some(News { text: format!("{fails}: {why}"), is_bad: true }),
            Status::Resumed => Some(News { text: again.to_owned(), is_bad: false }),
            Status::Writing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_said_once_and_so_is_its_end() {
        let (said, status) = watch::channel(Status::Writing);
        let mut writing = Writing::new(Output::Csv, status);
        let mut news = |written: Result<(), String>| {
            said.send_if_modified(|status| status.update(written));
            writing.news().map(|news| (news.text, news.is_bad))
        };
        let full = || Err("x.csv: no room".to_owned());
        assert_eq!(news(Ok(())), None);
        assert_eq!(news(full()), Some(("the CSV files cannot be written for now: x.csv: no room".to_owned(), true)));
        assert_eq!((news(full()), news(full())), (None, None));
        assert_eq!(news(Ok(())), Some(("the CSV files are written again".to_owned(), false)));
        assert_eq!(news(Ok(())), None);
        assert!(news(full()).is_some());
    }
}
