//! One person with several connections.

use super::*;

/// One more connection of a person.
fn again(person: &Client, name: &str) -> Client {
    let token = person.session.person.as_ref().unwrap().token().unwrap();
    let mut client = Client::open(&person.chat, Encoding::V1);
    client.send(&format!(r#"{{"type":"join","username":"{name}","session":"{token}"}}"#));
    client
}

#[test]
fn whoever_shows_the_token_of_the_last_session_takes_the_name_back_from_its_ghost() {
    let chat = chat();
    let mut watcher = Client::plain(&chat, "Watcher");
    let ghost = Client::v1(&chat, "Alice");
    watcher.lines();
    let mut alice = again(&ghost, "Alice");
    assert!(alice.told()[0].contains(r#""user":"Alice""#));
    drop(ghost);
    for millis in (0..30_000).step_by(500) {
        chat.tick(later(millis));
    }
    assert_eq!(watcher.lines(), [""; 0]);
    alice.say("still me");
    assert_eq!(watcher.lines(), ["Alice: still me"]);
}

#[test]
fn several_connections_of_one_person_are_one_person() {
    let chat = chat();
    let mut watcher = Client::plain(&chat, "Watcher");
    let mut phone = Client::v1(&chat, "Alice");
    let mut desk = again(&phone, "Alice");
    assert_eq!(watcher.lines(), ["System: Alice has joined the chat"]);
    assert!(desk.told()[0].contains(r#""users":["Watcher","Alice"],"count":2"#));
    phone.lines();
    desk.say("hi");
    assert_eq!(phone.lines(), ["Alice: hi"]);
    phone.session.close(NOW);
    assert_eq!(watcher.lines(), ["Alice: hi"]);
    desk.session.close(NOW);
    assert_eq!(watcher.lines(), ["System: Alice has left the chat"]);
}

#[test]
fn each_connection_is_in_its_own_rooms() {
    let chat = chat();
    let mut watcher = Client::v1(&chat, "Watcher");
    let mut phone = Client::v1(&chat, "Alice");
    let mut desk = again(&phone, "Alice");
    desk.send(r#"{"type":"join","username":"Alice","room":"dev"}"#);
    watcher.send(r#"{"type":"join","username":"Watcher","room":"dev"}"#);
    watcher.lines();
    phone.lines();
    watcher.send(r#"{"type":"message","room":"dev","content":"x"}"#);
    assert_eq!(phone.lines(), [""; 0]);
    watcher.lines();
    // A new name is known wherever the person is.
    phone.send(r#"{"type":"join","username":"Alicia"}"#);
    assert_eq!(watcher.lines(), ["System: Alice is now known as Alicia"; 2]);
    desk.lines();
    desk.say("from the desk");
    assert_eq!(watcher.lines(), ["Alicia: from the desk"]);
}

#[test]
fn a_person_has_at_most_eight_connections_and_the_oldest_goes() {
    let chat = chat();
    let first = Client::v1(&chat, "Alice");
    let others: Vec<Client> = (0..7).map(|_| again(&first, "Alice")).collect();
    assert_eq!(first.mailbox.close_order(), None);
    let _ninth = again(&first, "Alice");
    let order = first.mailbox.close_order().expect("an order");
    assert_eq!(order.code().get(), 4500);
    assert!(others.iter().all(|other| other.mailbox.close_order().is_none()));
}

#[test]
fn a_token_that_nobody_knows_becomes_the_token_of_a_new_person() {
    let (chat, token) = (chat(), "0123456789abcdef0123456789abcdef");
    for _ in 0..2 {
        let mut alice = Client::open(&chat, Encoding::V1);
        alice.send(&format!(r#"{{"type":"join","username":"Alice","session":"{token}"}}"#));
        assert!(alice.told()[0].contains(&format!(r#""session":"{token}""#)));
    }
    let mut bob = Client::open(&chat, Encoding::V1);
    bob.send(r#"{"type":"join","username":"Bob","session":"what is this?"}"#);
    assert!(bob.told()[0].contains(r#""session":""#));
}

#[test]
fn a_token_gives_no_right_to_a_name_that_somebody_else_has_now() {
    let chat = chat();
    let mut alice = Client::v1(&chat, "Alice");
    let token = alice.session.person.as_ref().unwrap().token().unwrap();
    alice.session.close(NOW);
    let _other = Client::v1(&chat, "Alice");
    let mut alice = Client::open(&chat, Encoding::V1);
    alice.send(&format!(r#"{{"type":"join","username":"Alice","session":"{token}"}}"#));
    assert_eq!(alice.error(), "name_taken");
}

/// The people in the lobby, as this client is told.
fn who(client: &mut Client) -> String {
    client.send(r#"{"type":"who"}"#);
    let presence: Value = serde_json::from_str(&client.told()[0]).unwrap();
    assert_eq!(presence["count"], presence["users"].as_array().unwrap().len());
    presence["users"].to_string()
}

#[test]
fn a_list_counts_those_who_were_lost_until_they_are_said_to_have_left() {
    let chat = chat();
    let mut watcher = Client::v1(&chat, "Watcher");
    let mut alice = Client::v1(&chat, "Alice");
    alice.session.lose(NOW);
    assert_eq!(who(&mut watcher), r#"["Watcher","Alice"]"#);
    let mut bob = Client::open(&chat, Encoding::V1);
    bob.send(r#"{"type":"join","username":"Bob"}"#);
    assert!(bob.told()[0].contains(r#""users":["Watcher","Bob","Alice"],"count":3"#));
    chat.tick(later(3_000));
    assert_eq!(who(&mut watcher), r#"["Watcher","Bob"]"#);
}

#[test]
fn a_list_leaves_out_those_whose_return_is_not_announced_yet_except_to_themselves() {
    let chat = chat();
    let mut watcher = Client::v1(&chat, "Watcher");
    Client::v1(&chat, "Alice").session.close(NOW);
    let mut alice = Client::open(&chat, Encoding::V1);
    alice.send_at(r#"{"type":"join","username":"Alice"}"#, later(1_000));
    assert!(alice.told()[0].contains(r#""users":["Watcher","Alice"],"count":2"#));
    assert_eq!(who(&mut alice), r#"["Watcher","Alice"]"#);
    assert_eq!(who(&mut watcher), r#"["Watcher"]"#);
    chat.tick(later(10_000));
    assert_eq!(who(&mut watcher), r#"["Watcher","Alice"]"#);
}
