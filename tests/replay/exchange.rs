//! A request and its response, as they were on the wire while a journey was recorded.

/// An exchange.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    pub method: &'static str,
    pub url: String,
    /// Headers that the page or its scripts set: they must arrive again.
    pub headers: Vec<(&'static str, String)>,
    /// Cookies of the request.
    pub cookies: Vec<(&'static str, String)>,
    pub media: &'static str,
    pub body: Vec<u8>,
    pub status: u16,
    pub response_headers: Vec<(&'static str, String)>,
    pub response_media: &'static str,
    pub response: String,
    /// `document`, `xhr`, `image`, `iframe`.
    pub kind: &'static str,
    /// The scenario does not send it: another site, an image, an address that only moves.
    pub left_out: bool,
}

impl Exchange {
    pub fn new(method: &'static str, url: &str) -> Self {
        Self {
            method,
            url: url.to_owned(),
            status: 200,
            kind: "xhr",
            response_media: "application/json",
            ..Self::default()
        }
    }

    pub fn page(url: &str, html: &str) -> Self {
        Self { kind: "document", response_media: "text/html", response: html.to_owned(), ..Self::new("GET", url) }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn cookie(mut self, name: &'static str, value: &str) -> Self {
        self.cookies.push((name, value.to_owned()));
        self
    }

    pub fn body(mut self, media: &'static str, body: impl Into<Vec<u8>>) -> Self {
        (self.media, self.body) = (media, body.into());
        self
    }

    pub fn json(self, body: &serde_json::Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn returns(mut self, body: &serde_json::Value) -> Self {
        self.response = body.to_string();
        self
    }

    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub fn sets(mut self, cookie: &str) -> Self {
        self.response_headers.push(("Set-Cookie", cookie.to_owned()));
        self
    }

    pub fn leads(mut self, status: u16, location: &str) -> Self {
        self.response_headers.push(("Location", location.to_owned()));
        self.response.clear();
        self.response_media = "";
        self.status(status)
    }

    pub fn of(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub fn image(mut self) -> Self {
        self.response_media = "image/png";
        self.of("image")
    }

    pub fn left_out(mut self) -> Self {
        self.left_out = true;
        self
    }

    pub fn is_text(&self) -> bool {
        std::str::from_utf8(&self.body).is_ok()
    }
}
