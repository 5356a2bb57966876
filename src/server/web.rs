//! The page and everything else that is not a WebSocket: one request, one
//! response, and the connection ends.
//!
//! The page names its files below a path that changes whenever one of them does
//! (`v0123456789abcdef/app.js`), so a browser that has them never asks again, and
//! never mixes those of two versions.

use std::sync::LazyLock;

use sha1::{Digest, Sha1};

use crate::proto::handshake::Request;

/// A file of the page, part of the program.
#[derive(Clone, Copy)]
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

/// The page, whose links name the files.
const INDEX: &str = include_str!("web/index.html");

const FILES: [File; 41] = files! {
    "style/base.css" "css"
    "style/frame.css" "css"
    "style/frames.css" "css"
    "style/talk.css" "css"
    "theme.js" "javascript"
    "app.js" "javascript"
    "model/chat.js" "javascript"
    "model/closing.js" "javascript"
    "model/connection.js" "javascript"
    "model/conversation.js" "javascript"
    "model/directory.js" "javascript"
    "model/frame.js" "javascript"
    "model/frames.js" "javascript"
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
    "view/drawer.js" "javascript"
    "view/emoji.js" "javascript"
    "view/frame-diagram.js" "javascript"
    "view/frame-list.js" "javascript"
    "view/frames.js" "javascript"
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

/// For the page itself: only what this server serves may run, and it may talk to
/// nobody else: even text that became markup by mistake could do nothing.
const POLICY: &str = "Content-Security-Policy: default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'\r\n\
    Referrer-Policy: no-referrer\r\n";

/// The complete response to a request that asks for no WebSocket.
pub(super) fn respond(request: &Request<'_>) -> Vec<u8> {
    let head_only = match request.method() {
        "GET" => false,
        "HEAD" => true,
        _ => return plain("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "use GET\n"),
    };
    let path = request.path();
    if path == "/" {
        return page_file(&PAGE.index, "no-cache", request, head_only);
    }
    let (cache, path) = match path.strip_prefix(PAGE.version.as_str()) {
        Some(rest) => ("public, max-age=31536000, immutable", rest),
        None => ("no-cache", path),
    };
    match PAGE.files.iter().find(|served| served.file.path == path) {
        Some(served) => page_file(served, cache, request, head_only),
        None if path == "/healthz" => plain("200 OK", "", "ok\n"),
        None => not_found(),
    }
}

/// The page as it is served.
struct Page {
    /// `/v` and what only these files have.
    version: String,
    index: Served,
    files: [Served; FILES.len()],
}

/// A file and, for whoever can read that, the same compressed.
struct Served {
    file: File,
    #[cfg(feature = "deflate")]
    compressed: Vec<u8>,
}

/// Made once, when it is first asked for.
static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let hash = FILES.iter().fold(Sha1::new(), |hash, file| hash.chain_update(file.content));
    let digits = hash
        .finalize()
        .iter()
        .take(8)
        .fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    let version = format!("/v{digits}");
    let name_below = |page: String, file: &File| {
        page.replace(
            &format!("\"{}\"", &file.path[1..]),
            &format!("\"{}{}\"", &version[1..], file.path),
        )
    };
    let content = FILES.iter().fold(INDEX.to_owned(), name_below).leak();
    let index = File { path: "/", content_type: "text/html; charset=utf-8", content };
    Page { index: Served::new(index), files: FILES.map(Served::new), version }
});

impl Served {
    fn new(file: File) -> Served {
        Served {
            #[cfg(feature = "deflate")]
            compressed: gzip(file.content.as_bytes()),
            file,
        }
    }
}

fn page_file(
    served: &'static Served,
    cache: &str,
    request: &Request<'_>,
    head_only: bool,
) -> Vec<u8> {
    let File { path, content_type, content } = served.file;
    let policy = if path == "/" { POLICY } else { "" };
    let (encoding, body) = match compressed(served, request) {
        Some(body) => ("Content-Encoding: gzip\r\n", body),
        None => ("", content.as_bytes()),
    };
    let fields = format!(
        "{policy}X-Content-Type-Options: nosniff\r\nCache-Control: {cache}\r\n\
         Vary: Accept-Encoding\r\n{encoding}"
    );
    response("200 OK", &fields, content_type, body, head_only)
}

/// The file compressed, if whoever asks can read that.
#[cfg(feature = "deflate")]
fn compressed(served: &'static Served, request: &Request<'_>) -> Option<&'static [u8]> {
    request.lists("accept-encoding", "gzip").then_some(&served.compressed)
}

#[cfg(not(feature = "deflate"))]
fn compressed(_: &'static Served, _: &Request<'_>) -> Option<&'static [u8]> {
    None
}

#[cfg(feature = "deflate")]
fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Read;

    let mut compressed = Vec::with_capacity(content.len() / 2);
    flate2::read::GzEncoder::new(content, flate2::Compression::best())
        .read_to_end(&mut compressed)
        .expect("memory can be read and written");
    compressed
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
    let fields = format!("{fields}Cache-Control: no-cache\r\n");
    response(status, &fields, "text/plain; charset=utf-8", body.as_bytes(), false)
}

fn response(
    status: &str,
    fields: &str,
    content_type: &str,
    body: &[u8],
    head_only: bool,
) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n\
         {fields}\
         Content-Type: {content_type}\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    let mut response = head.into_bytes();
    if !head_only {
        response.extend_from_slice(body);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::handshake::Head;

    fn answer(method: &str, path: &str) -> String {
        String::from_utf8(bytes(&format!("{method} {path} HTTP/1.1\r\nHost: here\r\n\r\n")))
            .unwrap()
    }

    fn bytes(request: &str) -> Vec<u8> {
        let (head, _) = Head::split(request.as_bytes()).unwrap().unwrap();
        respond(&Request::parse(head).unwrap())
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

    /// The paths of the files that the page names.
    fn links() -> Vec<String> {
        let page = PAGE.index.file.content;
        let values = ["src=\"", "href=\""].into_iter().flat_map(|attribute| {
            page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next())
        });
        let is_path = |value: &&str| !value.starts_with("data:") && !value.starts_with('#');
        values.filter(is_path).map(|value| format!("/{value}")).collect()
    }

    #[test]
    fn every_file_that_the_page_names_is_served_and_need_not_be_asked_for_again() {
        let scripts = FILES.iter().filter(|file| file.path.ends_with(".js"));
        let imports = scripts.flat_map(|script| {
            let names = [" from '", "import('", "new URL('"];
            names
                .into_iter()
                .flat_map(|before| script.content.split(before).skip(1))
                .filter_map(|rest| rest.split('\'').next())
                .filter(|name| name.contains('.'))
                .map(|name| format!("{}{}", PAGE.version, resolve(script.path, name)))
        });
        for path in links().into_iter().chain(imports) {
            let file = answer("GET", &path);
            assert!(file.starts_with("HTTP/1.1 200"), "{path}");
            assert!(
                file.contains("Cache-Control: public, max-age=31536000, immutable\r\n"),
                "{path}"
            );
        }
        assert!(answer("GET", "/").contains("Cache-Control: no-cache\r\n"));
        assert!(answer("GET", "/app.js").contains("Cache-Control: no-cache\r\n"));
        assert!(answer("GET", "/v0000000000000000/app.js").starts_with("HTTP/1.1 404"));
    }

    /// What few people need is fetched when they open it.
    fn is_for_the_frames_drawer(file: &File) -> bool {
        file.path.contains("/frame-")
            || ["/model/frame.js", "/model/frames.js", "/style/frames.css"].contains(&file.path)
    }

    #[test]
    fn no_file_waits_until_another_one_names_it_but_those_that_few_people_need() {
        let links = links();
        for file in FILES {
            let is_linked = links.contains(&format!("{}{}", PAGE.version, file.path));
            assert_eq!(is_linked, !is_for_the_frames_drawer(&file), "{}", file.path);
        }
    }

    #[cfg(feature = "deflate")]
    #[test]
    fn who_takes_gzip_gets_the_same_page_in_less_than_60_kb() {
        use std::io::Read;

        let (mut page, mut drawer) = (0, 0);
        for Served { file, .. } in PAGE.files.iter().chain([&PAGE.index]) {
            let request = format!(
                "GET {} HTTP/1.1\r\nHost: here\r\nAccept-Encoding: br, gzip\r\n\r\n",
                file.path
            );
            let response = bytes(&request);
            let split = response.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
            let head = String::from_utf8_lossy(&response[..split]);
            assert!(head.contains("Content-Encoding: gzip\r\n"), "{head}");
            assert!(
                head.contains(&format!("Content-Length: {}\r\n", response.len() - split)),
                "{head}"
            );
            let mut content = String::new();
            flate2::read::GzDecoder::new(&response[split..]).read_to_string(&mut content).unwrap();
            assert_eq!(content, file.content);
            let sum = if is_for_the_frames_drawer(file) { &mut drawer } else { &mut page };
            *sum += response.len();
        }
        assert!(page < 60_000, "{page} bytes");
        assert!(drawer < 12_000, "{drawer} bytes");
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
