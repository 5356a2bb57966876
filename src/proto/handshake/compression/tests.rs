use super::*;
use crate::proto::handshake::extensions::extensions;
use crate::proto::handshake::fields::Fields;

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

fn parsed(value: &str) -> Vec<Extension<'_>> {
    let header = httparse::Header { name: "Sec-WebSocket-Extensions", value: value.as_bytes() };
    extensions(&Fields::new(&[header])).expect("legal grammar")
}

/// The answer of a server to these offers.
fn answer_of(wanted: &Deflate, offers: &str) -> Option<String> {
    agree(wanted, &parsed(offers)).map(|(_, answer)| answer)
}

fn answered(offers: &str) -> Option<String> {
    answer_of(&Deflate::default(), offers)
}

/// What a client makes of the server's answer.
fn confirmed(wanted: &Deflate, answer: &str) -> Option<Deflate> {
    confirm(wanted, &parsed(answer)[0])
}

// Proves 6455-9.1-4, 7692-5-6, 7692-7.3-1.
#[test]
fn rfc_7692_7_1_3_the_simplest_offer_has_the_simplest_answer() {
    assert_eq!(answered("permessage-deflate").as_deref(), Some("permessage-deflate"));
    let (agreed, _) = agree(&Deflate::default(), &parsed("permessage-deflate")).unwrap();
    assert_eq!(agreed, Deflate::default());
}

// Proves 7692-7.1.1.1-1, 7692-7.1.1.1-2.
#[test]
fn rfc_7692_7_1_1_1_a_client_that_asks_the_server_to_forget_hears_that_it_will() {
    let (agreed, answer) =
        agree(&Deflate::default(), &parsed("permessage-deflate; server_no_context_takeover"))
            .unwrap();
    assert!(agreed.server_no_context_takeover && !agreed.client_no_context_takeover);
    assert_eq!(answer, "permessage-deflate; server_no_context_takeover");
}

// Proves 7692-7.1.1.1-3, 7692-7.1.1.2-2.
#[test]
fn rfc_7692_7_1_1_a_server_that_wants_no_context_kept_says_so_unasked() {
    let wanted = Deflate {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        ..Deflate::default()
    };
    assert_eq!(
        answer_of(&wanted, "permessage-deflate").unwrap(),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    );
}

// Proves 7692-7.1.1.2-1, 7692-7.1.1.2-2.
#[test]
fn rfc_7692_7_1_1_2_a_client_s_hint_that_it_will_forget_is_taken() {
    let (agreed, answer) =
        agree(&Deflate::default(), &parsed("permessage-deflate; client_no_context_takeover"))
            .unwrap();
    assert!(agreed.client_no_context_takeover);
    assert_eq!(answer, "permessage-deflate; client_no_context_takeover");
}

// Proves 7692-7.1.2.1-3, 7692-7.1.2.1-4.
#[test]
fn rfc_7692_7_1_2_1_a_window_that_was_asked_for_is_confirmed_or_made_smaller() {
    for (ours, asked, agreed) in [(15, 15, 15), (15, 8, 8), (10, 12, 10), (12, 10, 10)] {
        let wanted = Deflate { server_max_window_bits: bits(ours), ..Deflate::default() };
        let offer = format!("permessage-deflate; server_max_window_bits={asked}");
        assert_eq!(
            answer_of(&wanted, &offer).unwrap(),
            format!("permessage-deflate; server_max_window_bits={agreed}")
        );
    }
    let small = Deflate { server_max_window_bits: bits(9), ..Deflate::default() };
    assert_eq!(
        answer_of(&small, "permessage-deflate").unwrap(),
        "permessage-deflate; server_max_window_bits=9",
        "a server may say so unasked"
    );
}

// Proves 7692-7-4, 7692-7.1.2.2-3, 7692-7.1.2.2-4.
#[test]
fn rfc_7692_7_1_2_2_only_a_client_that_can_be_told_is_told_its_window() {
    let small = Deflate { client_max_window_bits: bits(10), ..Deflate::default() };
    for (offer, answer) in [
        (
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=10",
        ),
        (
            "permessage-deflate; client_max_window_bits=12",
            "permessage-deflate; client_max_window_bits=10",
        ),
        (
            "permessage-deflate; client_max_window_bits=9",
            "permessage-deflate; client_max_window_bits=9",
        ),
    ] {
        assert_eq!(answer_of(&small, offer).as_deref(), Some(answer));
    }
    assert_eq!(answer_of(&small, "permessage-deflate"), None);
    assert_eq!(
        answered("permessage-deflate; client_max_window_bits").unwrap(),
        "permessage-deflate",
        "the largest window needs no word"
    );
}

// Proves 7692-5-12, 7692-7-1, 7692-7-2, 7692-7-3, 7692-7.1.2.1-2, 7692-7.1.2.2-2.
#[test]
fn rfc_7692_7_1_an_offer_with_a_wrong_parameter_is_declined() {
    for parameters in [
        "unknown",
        "server_no_context_takeover=1",
        "client_no_context_takeover=true",
        "server_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=0",
        "server_max_window_bits=010",
        "server_max_window_bits=08",
        "server_max_window_bits=+9",
        "server_max_window_bits=a",
        "server_max_window_bits=99999999999999999999",
        "server_max_window_bits=\"10\"",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=010",
        "client_max_window_bits=\"10\"",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover",
        "server_max_window_bits=10; server_max_window_bits=10",
        "client_max_window_bits; client_max_window_bits=10",
        "Server_No_Context_Takeover",
    ] {
        let offer = format!("permessage-deflate; {parameters}");
        assert_eq!(answered(&offer), None, "{offer}");
        let and_another = format!("{offer}, permessage-deflate");
        assert_eq!(answered(&and_another).as_deref(), Some("permessage-deflate"), "{offer}");
    }
    assert_eq!(answered("x-webkit-deflate-frame"), None);
}

// Proves 7692-5-2, 7692-5-3.
#[test]
fn rfc_7692_5_1_the_first_offer_that_can_be_kept_is_taken() {
    let offers = "x-other, permessage-deflate; server_max_window_bits=3, \
                  permessage-deflate; server_max_window_bits=9, permessage-deflate";
    assert_eq!(answered(offers).unwrap(), "permessage-deflate; server_max_window_bits=9");
}

// Proves 6455-9-3, 6455-9.1-5, 7692-5-4, 7692-5-5, 7692-7.1.1.1-1, 7692-7.1.1.2-1, 7692-7.1.2.1-1,
// Proves 7692-7.1.2.2-1.
#[test]
fn rfc_7692_7_1_a_client_offers_what_it_wants_and_can_be_told_its_window() {
    assert_eq!(offer(&Deflate::default()), "permessage-deflate; client_max_window_bits");
    let everything = Deflate {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        server_max_window_bits: bits(11),
        client_max_window_bits: bits(12),
        threshold: 0,
    };
    assert_eq!(
        offer(&everything),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
         server_max_window_bits=11; client_max_window_bits=12"
    );
}

// Proves 7692-7.1.1.1-3, 7692-7.1.1.2-3, 7692-7.1.2.1-4.
#[test]
fn rfc_7692_7_1_a_client_takes_what_the_server_decides_for_both() {
    let answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                  server_max_window_bits=10; client_max_window_bits=8";
    let agreed = confirmed(&Deflate::default(), answer).unwrap();
    assert!(agreed.server_no_context_takeover && agreed.client_no_context_takeover);
    assert_eq!(agreed.server_max_window_bits, bits(10));
    assert_eq!(agreed.client_max_window_bits, bits(8));
    assert_eq!(confirmed(&Deflate::default(), "permessage-deflate"), Some(Deflate::default()));
}

// Proves 7692-5-13, 7692-7-8, 7692-7.1.2.1-3.
#[test]
fn rfc_7692_7_1_a_client_refuses_an_answer_that_does_not_confirm_what_it_asked_for() {
    let forgetful = Deflate { server_no_context_takeover: true, ..Deflate::default() };
    assert_eq!(confirmed(&forgetful, "permessage-deflate"), None);
    assert!(confirmed(&forgetful, "permessage-deflate; server_no_context_takeover").is_some());

    let small = Deflate { server_max_window_bits: bits(10), ..Deflate::default() };
    assert_eq!(confirmed(&small, "permessage-deflate"), None);
    assert_eq!(confirmed(&small, "permessage-deflate; server_max_window_bits=11"), None);
    assert!(confirmed(&small, "permessage-deflate; server_max_window_bits=9").is_some());
}

// Proves 7692-7.1.2.2-3, 7692-7.2.1-12, 7692-7.2.2-8.
#[test]
fn rfc_7692_7_1_2_2_a_client_keeps_to_its_own_smaller_window_whatever_it_is_allowed() {
    let small = Deflate { client_max_window_bits: bits(10), ..Deflate::default() };
    for (answer, window) in [
        ("permessage-deflate", 10),
        ("permessage-deflate; client_max_window_bits=12", 10),
        ("permessage-deflate; client_max_window_bits=9", 9),
    ] {
        assert_eq!(confirmed(&small, answer).unwrap().client_max_window_bits, bits(window));
    }
}

// Proves 7692-7-5, 7692-7-6, 7692-7-7, 7692-7.1.2.1-2, 7692-7.1.2.2-2.
#[test]
fn rfc_7692_7_1_a_client_refuses_an_answer_with_a_wrong_parameter() {
    for answer in [
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; unknown",
        "x-other",
    ] {
        assert_eq!(confirmed(&Deflate::default(), answer), None, "{answer}");
    }
}

// Proves 6455-9-3, 7692-5-7, 7692-5-14.
#[test]
fn rfc_7692_7_1_what_a_server_answers_its_client_confirms_with_the_same_result() {
    let wishes =
        [(false, 15), (true, 15), (false, 9), (true, 12)].map(|(forgets, window)| Deflate {
            server_no_context_takeover: forgets,
            client_no_context_takeover: forgets,
            server_max_window_bits: bits(window),
            client_max_window_bits: bits(window),
            ..Deflate::default()
        });
    for server in &wishes {
        for client in &wishes {
            let offer = offer(client);
            let (agreed, answer) = agree(server, &parsed(&offer)).expect("it can be kept");
            assert_eq!(confirmed(client, &answer), Some(agreed), "{offer} {answer}");
        }
    }
}
