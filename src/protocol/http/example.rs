//! The HTTP request in the example of a failure.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::client::HttpClient;
use super::encode::Outgoing;
use crate::protocol::example::{EXAMPLE_BODY, EXAMPLE_HEADERS, EXAMPLE_LINE, beginning, header_lines};
use crate::scenario::secrets::userinfo;
use crate::stats::ExampleRequest;

impl HttpClient {
    /// The last request: after redirects, the one that failed. `fixed` are the headers of its step without templates.
    pub fn example_request(&self, fixed: &HeaderMap) -> ExampleRequest {
        let (secrets, draft, cookies) = (self.secrets(), &self.draft, self.cookies());
        let headers = Outgoing { draft, fixed, cookies: cookies.as_ref() }.lines();
        let headers = headers.iter().map(|(name, value): &(HeaderName, HeaderValue)| (name, value));
        ExampleRequest {
            line: format!("{} {}", draft.method, userinfo::mask(&secrets.mask(&draft.url)))
                .chars()
                .take(EXAMPLE_LINE)
                .collect(),
            headers: secrets.clip(&header_lines(headers, secrets), EXAMPLE_HEADERS),
            body: beginning(&draft.body, EXAMPLE_BODY, secrets),
        }
    }
}
