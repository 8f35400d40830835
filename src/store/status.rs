//! State of the files that a run writes, and messages to the user when it changes.

use tokio::sync::watch;

/// State of writing a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Data is written, with a delay of up to one second.
    Writing,
    /// Writing fails with this error, and is retried.
    Waiting(String),
    /// Writing works again after an error.
    Resumed,
}

impl Status {
    /// Updates the state with the result of the last write. Returns true if the state changed; another error message is
    /// not a change.
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

/// Kinds of output that are written during a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Files of the run folder.
    Run,
    /// CSV files.
    Csv,
}

/// Observes the state of an output.
#[derive(Debug, Clone)]
pub struct Writing {
    output: Output,
    status: watch::Receiver<Status>,
}

/// Message about a change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The message.
    pub text: String,
    /// True for an error.
    pub is_bad: bool,
}

impl Writing {
    /// Creates an observer of `status`.
    pub fn new(output: Output, status: watch::Receiver<Status>) -> Self {
        Self { output, status }
    }

    /// Returns the change since the last call, if any.
    pub fn news(&mut self) -> Option<News> {
        self.status.has_changed().unwrap_or(false).then(|| self.latest()).flatten()
    }

    /// Waits for the next change. Returns `None` if the writer ended.
    pub async fn next(&mut self) -> Option<News> {
        loop {
            self.status.changed().await.ok()?;
            if let Some(news) = self.latest() {
                return Some(news);
            }
        }
    }

    fn latest(&mut self) -> Option<News> {
        let (failing, resumed) = match self.output {
            Output::Run => ("the run cannot be recorded for now", "the run is recorded again, including delayed data"),
            Output::Csv => ("the CSV files cannot be written for now", "the CSV files are written again"),
        };
        match &*self.status.borrow_and_update() {
            Status::Waiting(why) => Some(News { text: format!("{failing}: {why}"), is_bad: true }),
            Status::Resumed => Some(News { text: resumed.to_owned(), is_bad: false }),
            Status::Writing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_recoveries_are_reported_once() {
        let (sender, status) = watch::channel(Status::Writing);
        let mut writing = Writing::new(Output::Csv, status);
        let mut news = |written: Result<(), String>| {
            sender.send_if_modified(|status| status.update(written));
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
