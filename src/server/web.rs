//! The page and everything else that is not a WebSocket: one request, one
//! response, and the connection ends.

use crate::proto::handshake::Request;

/// A file of the page, part of the program.
struct File {
    path: &'static str,
    content_type: &'static str,
    content: &'static str,
}

macro_rules! files {
    ($($name:literal $type:literal)*) => {
        [$(File {
            path: concat!("/", $name),
            content_type: concat!("text/", $type, "; charset=utf-8"),
            content: include_str!(concat!("web/", $name)),
        }),*]
    };
}

const FILES: [File; 34] = files! {
    "index.html" "html"
    "style/base.css" "css"
    "style/frame.css" "css"
    "style/talk.css" "css"
    "theme.js" "javascript"
    "app.js" "javascript"
    "model/chat.js" "javascript"
    "model/closing.js" "javascript"
    "model/connection.js" "javascript"
    "model/conversation.js" "javascript"
    "model/memory.js" "javascript"
    "model/names.js" "javascript"
    "model/outbox.js" "javascript"
    "model/private.js" "javascript"
    "model/room.js" "javascript"
    "model/timeline.js" "javascript"
    "model/typing.js" "javascript"
    "model/wake.js" "javascript"
    "model/wire.js" "javascript"
    "model/words.js" "javascript"
    "view/announcer.js" "javascript"
    "view/composer.js" "javascript"
    "view/dialogs.js" "javascript"
    "view/dom.js" "javascript"
    "view/emoji.js" "javascript"
    "view/heading.js" "javascript"
    "view/join.js" "javascript"
    "view/log.js" "javascript"
    "view/notifications.js" "javascript"
    "view/people.js" "javascript"
    "view/row.js" "javascript"
    "view/side.js" "javascript"
    "view/status.js" "javascript"
    "view/times.js" "javascript"
};

/// Only what this server itself serves may run, and it may talk to nobody else:
/// even text that became markup by mistake could do nothing.
const SECURITY: &str = "Content-Security-Policy: default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Referrer-Policy: no-referrer\r\n";

/// The complete response to a request that asks for no WebSocket.
pub(super) fn respond(request: &Request<'_>) -> Vec<u8> {
    let head_only = match request.method() {
        "GET" => false,
        "HEAD" => true,
        _ => return plain("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "use GET\n"),
    };
    let path = if request.path() == "/" { "/index.html" } else { request.path() };
    match FILES.iter().find(|file| file.path == path) {
        Some(file) => response("200 OK", SECURITY, file.content_type, file.content, head_only),
        None if request.path() == "/healthz" => plain("200 OK", "", "ok\n"),
        None => not_found(),
    }
}

/// There is nothing at this path, neither a file nor a WebSocket.
pub(super) fn not_found() -> Vec<u8> {
    plain("404 Not Found", "", "there is nothing here; the chat is at /\n")
}

/// The server has no place for one more connection.
pub(super) fn unavailable() -> Vec<u8> {
    plain("503 Service Unavailable", "Retry-After: 10\r\n", "the server is full\n")
}

/// The client's address has all the connections that it may have.
pub(super) fn too_many() -> Vec<u8> {
    plain(
        "429 Too Many Requests",
        "Retry-After: 10\r\n",
        "too many connections from your address\n",
    )
}

fn plain(status: &str, fields: &str, body: &str) -> Vec<u8> {
    response(status, fields, "text/plain; charset=utf-8", body, false)
}

fn response(
    status: &str,
    fields: &str,
    content_type: &str,
    body: &str,
    head_only: bool,
) -> Vec<u8> {
    let length = body.len();
    let mut response = format!(
        "HTTP/1.1 {status}\r\n\
         {fields}\
         Content-Type: {content_type}\r\n\
         Content-Length: {length}\r\n\
         Cache-Control: no-cache\r\n\
         Connection: close\r\n\r\n"
    );
    if !head_only {
        response.push_str(body);
    }
    response.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::handshake::Head;

    fn answer(method: &str, path: &str) -> String {
        let bytes = format!("{method} {path} HTTP/1.1\r\nHost: here\r\n\r\n");
        let (head, _) = Head::split(bytes.as_bytes()).unwrap().unwrap();
        String::from_utf8(respond(&Request::parse(head).unwrap())).unwrap()
    }

    #[test]
    fn the_page_is_served_with_a_policy_that_lets_nothing_foreign_in() {
        let page = answer("GET", "/");
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(page.contains("Content-Type: text/html; charset=utf-8\r\n"));
        assert!(page.contains("Content-Security-Policy: default-src 'none'; "));
        assert!(page.contains("<!doctype html>"));
    }

    /// The path that a module of the page means by `./name` or `../name`.
    fn resolve(importer: &str, name: &str) -> String {
        let mut folders: Vec<&str> = importer.split('/').collect();
        folders.pop();
        for part in name.split('/') {
            match part {
                "." => {}
                ".." => drop(folders.pop()),
                part => folders.push(part),
            }
        }
        folders.join("/")
    }

    #[test]
    fn every_file_that_the_page_names_is_served() {
        let page = FILES[0].content;
        for attribute in ["src=\"", "href=\""] {
            for link in page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
                if !link.starts_with("data:") && !link.starts_with('#') {
                    assert!(
                        answer("GET", &format!("/{link}")).starts_with("HTTP/1.1 200"),
                        "{link}"
                    );
                }
            }
        }
        for script in FILES.iter().filter(|file| file.path.ends_with(".js")) {
            for import in script.content.split(" from '").skip(1) {
                let name = import.split('\'').next().unwrap();
                let path = resolve(script.path, name);
                assert!(answer("GET", &path).starts_with("HTTP/1.1 200"), "{path}");
            }
        }
    }

    #[test]
    fn rfc_9110_9_3_2_a_head_request_gets_the_same_head_and_no_body() {
        let page = answer("GET", "/");
        let head = answer("HEAD", "/");
        assert!(head.ends_with("\r\n\r\n"));
        assert!(page.starts_with(&head));
    }

    #[test]
    fn other_methods_and_paths_are_refused_in_words() {
        assert!(answer("POST", "/").starts_with("HTTP/1.1 405"));
        assert!(answer("GET", "/nothing").starts_with("HTTP/1.1 404"));
        assert!(answer("GET", "/../Cargo.toml").starts_with("HTTP/1.1 404"));
    }
}
