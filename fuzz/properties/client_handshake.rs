//! Responses from a server that may send anything.

use wirechat::proto::Deflate;
use wirechat::proto::handshake::{
    ClientHandshake, ClientOptions, Established, Response, ResponseError, Uri,
};

use super::head;

/// Any bytes, cut anywhere: nothing panics, the cuts change nothing, a yes names
/// no subprotocol but ours, and a no is one line that a terminal can show.
/// Returns the client's verdict; `None` if the head did not end.
///
/// # Panics
/// If one of these does not hold.
pub fn check(data: &[u8]) -> Option<Result<Established, ResponseError>> {
    let verdict = match head::read(data) {
        Ok(head) => Response::parse(head?)
            .map_err(ResponseError::from)
            .and_then(|response| handshake().verify(&response)),
        Err(error) => Err(error.into()),
    };
    match &verdict {
        Ok(established) => {
            assert!(matches!(established.subprotocol.as_deref(), None | Some("wirechat.v1")));
        }
        Err(error) => {
            // RFC 9112 §4 lets tabs into the words behind a status.
            let moves_the_cursor = |char: char| char.is_control() && char != '\t';
            let words = error.to_string();
            assert!(!words.contains(moves_the_cursor), "{words:?}");
        }
    }
    Some(verdict)
}

/// With the nonce of the RFC's example (RFC 6455 §1.3), so that its answer is a yes.
fn handshake() -> ClientHandshake {
    let uri: Uri = "ws://server.example.com/chat".parse().expect("a URI");
    let options = ClientOptions {
        subprotocols: vec!["wirechat.v1".to_owned()],
        deflate: Some(Deflate::default()),
        ..ClientOptions::default()
    };
    ClientHandshake::new(&uri, *b"the sample nonce", &options).expect("legal options")
}
