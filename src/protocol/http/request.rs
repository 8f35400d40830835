//! A compiled step and a user's scope become one request.

use bytes::Bytes;
use reqwest::{Request, Url};

use crate::scenario::plan::{Body, HttpStep, UrlTemplate};
use crate::scenario::template::{RenderError, Scope, Text};

/// Fills the templates of `step`. `buffer` is the user's own, so that rendering reuses its memory.
///
/// # Errors
/// When a template fails, or what it renders is no URL or no header value.
pub fn build(step: &HttpStep, scope: &mut Scope, buffer: &mut String) -> Result<Request, RenderError> {
    let mut request = Request::new(step.method.clone(), url(&step.url, scope, buffer)?);
    if !step.fixed_headers.is_empty() {
        *request.headers_mut() = step.fixed_headers.clone();
    }
    for (name, value) in &step.headers {
        buffer.clear();
        value.render(scope, buffer)?;
        let value = http::HeaderValue::from_str(buffer)
            .map_err(|_| RenderError(format!("header {name}: the value has characters that HTTP does not allow")))?;
        request.headers_mut().insert(name.clone(), value);
    }
    if let Some(bytes) = body(&step.body, scope)? {
        *request.body_mut() = Some(bytes.into());
    }
    Ok(request)
}

fn url(template: &UrlTemplate, scope: &mut Scope, buffer: &mut String) -> Result<Url, RenderError> {
    let (base, path, query) = match template {
        UrlTemplate::Fixed(url) => return Ok(url.clone()),
        UrlTemplate::Templated { base, path, query } => (base, path, query),
    };
    buffer.clear();
    buffer.push_str(base);
    let start = buffer.len();
    path.render(scope, buffer)?;
    let rendered = &buffer[start..];
    if rendered.starts_with("http://") || rendered.starts_with("https://") {
        buffer.drain(..start);
    }
    if !query.is_empty() {
        let mut separator = if buffer.contains('?') { '&' } else { '?' };
        let mut value = String::new();
        for (name, text) in query {
            value.clear();
            text.render(scope, &mut value)?;
            buffer.push(separator);
            buffer.extend(url::form_urlencoded::byte_serialize(name.as_bytes()));
            buffer.push('=');
            buffer.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
            separator = '&';
        }
    }
    Url::parse(buffer).map_err(|why| RenderError(format!("{buffer:?} is not a URL: {why}")))
}

fn body(body: &Body, scope: &mut Scope) -> Result<Option<Bytes>, RenderError> {
    Ok(Some(match body {
        Body::Empty => return Ok(None),
        Body::Fixed(bytes) => bytes.clone(),
        Body::Text(text) => rendered(text, scope)?.into(),
        Body::Json(json) => {
            let mut out = Vec::new();
            json.render(scope, &mut out)?;
            out.into()
        }
        Body::Multipart(upload) => upload.encode(scope)?.1,
        Body::Form(pairs) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, text) in pairs {
                form.append_pair(name, &rendered(text, scope)?);
            }
            form.finish().into()
        }
    }))
}

fn rendered(text: &Text, scope: &mut Scope) -> Result<String, RenderError> {
    let mut out = String::new();
    text.render(scope, &mut out)?;
    Ok(out)
}
