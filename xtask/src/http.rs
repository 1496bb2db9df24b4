//! As much of an HTTP client as asking our own server for a room takes.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::failure::Result;

/// Our own server on this machine answers in milliseconds; this long means that it does not.
const PATIENCE: Duration = Duration::from_secs(10);

/// Posts JSON to `path` of `origin` (`http://host:port`) and answers with the body.
///
/// # Errors
/// No answer, or a status other than 2xx.
pub(crate) fn post(origin: &str, path: &str, json: &str) -> Result<String> {
    let authority = authority(origin)?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{json}",
        json.len()
    );
    let answer = exchange(authority, &request)
        .map_err(|error| format!("{origin} does not answer: {error}"))?;
    body(&answer).map_err(|status| format!("{origin}{path} answered `{status}`").into())
}

/// The host and port of an origin without TLS, which std does not speak.
fn authority(origin: &str) -> Result<&str> {
    let authority = origin.strip_prefix("http://").unwrap_or_default().trim_end_matches('/');
    if !authority.contains(':') {
        return Err(format!("{origin} is not plain HTTP with a port").into());
    }
    Ok(authority)
}

fn exchange(authority: &str, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The body of a good answer, else its status line.
fn body(answer: &str) -> Result<String, String> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.lines().next().unwrap_or_default();
    let code = status.split(' ').nth(1).unwrap_or_default();
    if code.len() == 3 && code.starts_with('2') {
        Ok(body.to_owned())
    } else {
        Err(status.to_owned())
    }
}

#[cfg(test)]
mod tests;
