//! What is kept over a restart, a kill and a power failure.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::chat::{Chat, Encoding, Limits, Mailbox, Next, Session};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("wirechat-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path); // of an earlier run
        Folder(path)
    }

    /// A chat on these logs, on a machine that was started as `boot` says.
    fn chat(&self, boot: &str) -> Arc<Chat> {
        let limits = Limits { rate: None, history: 3, ..Limits::default() };
        let disk = open::open(&self.0, limits.history, Some(boot.to_owned())).unwrap();
        Chat::new(limits, disk, [7; 32])
    }

    /// What stands in the database.
    fn select(&self, sql: &str) -> i64 {
        let database = Connection::open(self.0.join("chat.db")).unwrap();
        database.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// As if the program was killed: nothing is closed. (The lock goes with a process,
/// so here it must be given back.)
fn kill(chat: Arc<Chat>, folder: &Folder) {
    std::mem::forget(chat);
    std::fs::remove_file(folder.0.join("lock")).unwrap();
}

/// A client of the full dialect that joins like this, and what it was told.
fn join(chat: &Arc<Chat>, name: &str, more: &str) -> (Session, Vec<String>) {
    let mailbox = Arc::new(Mailbox::new(Arc::new(())));
    let mut session = Session::open(Arc::clone(chat), Encoding::V1, mailbox, NOW);
    let join = format!(r#"{{"type":"join","username":"{name}"{more}}}"#);
    let told = send(&mut session, &join);
    (session, told)
}

fn send(session: &mut Session, object: &str) -> Vec<String> {
    let mut out = Vec::new();
    session.receive(object.as_bytes(), NOW, &mut out);
    while session.next_frames(&mut out) != Next::Nothing {}
    out
}

fn say(session: &mut Session, content: &str) -> Vec<String> {
    send(session, &format!(r#"{{"type":"message","content":"{content}","nonce":"{content}"}}"#))
}

/// The value of a field, as it stands in the JSON.
fn field<'a>(object: &'a str, name: &str) -> &'a str {
    let (_, rest) = object.split_once(&format!(r#""{name}":"#)).expect(name);
    rest.split([',', '}']).next().unwrap_or_default()
}

fn history(session: &mut Session) -> String {
    send(session, r#"{"type":"history"}"#).remove(0)
}

#[test]
fn a_room_goes_on_after_a_restart() {
    let folder = Folder::new("restart");
    let chat = folder.chat("1");
    let (mut ann, told) = join(&chat, "Ann", "");
    let epoch = field(&told[0], "epoch").to_owned();
    for content in ["one", "two", "three", "four"] {
        say(&mut ann, content);
    }
    let before = history(&mut ann);
    drop((ann, chat));

    let chat = folder.chat("2");
    let resume = format!(r#","resume":{{"epoch":{epoch},"seq":3}}"#);
    let (mut ann, told) = join(&chat, "Ann", &resume);
    assert_eq!((field(&told[0], "seq"), field(&told[0], "recovered")), ("4", "true"));
    assert_eq!(history(&mut ann), before);
    assert_eq!(field(&say(&mut ann, "five")[0], "seq"), "5");
    assert_eq!(folder.select("SELECT count(*) FROM messages"), 3);
}

#[test]
fn a_killed_program_has_lost_nothing_that_was_acknowledged() {
    let folder = Folder::new("kill");
    let chat = folder.chat("1");
    let (mut ann, told) = join(&chat, "Ann", "");
    let (epoch, token) = (field(&told[0], "epoch"), field(&told[0], "session"));
    say(&mut ann, "one");
    let acknowledged = say(&mut ann, "two");
    std::mem::forget(ann);
    kill(chat, &folder);

    let chat = folder.chat("1");
    let more = format!(r#","session":{token},"resume":{{"epoch":{epoch},"seq":1}}"#);
    let (mut ann, told) = join(&chat, "Ann", &more);
    assert_eq!((field(&told[0], "seq"), field(&told[0], "recovered")), ("2", "true"));
    // Sent again, since its acknowledgement did not arrive: stored once.
    let again = say(&mut ann, "two");
    assert_eq!(field(&again[0], "id"), field(&acknowledged[0], "id"));
    assert_eq!(field(&again[0], "duplicate"), "true");
}

#[test]
fn after_a_power_failure_no_client_is_told_that_nothing_is_missing() {
    let folder = Folder::new("power");
    let chat = folder.chat("1");
    let (mut ann, told) = join(&chat, "Ann", "");
    let epoch = field(&told[0], "epoch");
    say(&mut ann, "one");
    std::mem::forget(ann);
    kill(chat, &folder);

    let chat = folder.chat("2");
    let resume = format!(r#","resume":{{"epoch":{epoch},"seq":1}}"#);
    let (mut ann, told) = join(&chat, "Ann", &resume);
    assert_eq!(field(&told[0], "reason"), r#""epoch_changed""#);
    let new_epoch = field(&told[0], "epoch").to_owned();
    assert_ne!(new_epoch, epoch);
    say(&mut ann, "two");
    drop((ann, chat));

    // A restart in good order keeps the new one.
    let chat = folder.chat("3");
    assert_eq!(field(&join(&chat, "Ann", "").1[0], "epoch"), new_epoch);
}

#[test]
fn private_messages_wait_for_those_who_are_away_and_come_once() {
    let folder = Folder::new("private");
    let chat = folder.chat("1");
    let (mut ann, _) = join(&chat, "Ann", "");
    drop(join(&chat, "Bob", ""));
    let private = r#"{"type":"private","to":"Bob","content":"psst"}"#;
    assert!(send(&mut ann, private)[0].contains("psst"));
    std::mem::forget(ann);
    kill(chat, &folder);

    let chat = folder.chat("1");
    let (mut bob, told) = join(&chat, "Bob", "");
    assert!(told[0].contains("joined") && told[1].contains("psst"), "{told:?}");
    assert!(send(&mut bob, r#"{"type":"private","to":"Ann","content":"x"}"#)[0].contains("to"));
    drop((bob, chat));

    let chat = folder.chat("1");
    assert_eq!(join(&chat, "Bob", "").1.len(), 1);
    let (_, told) = join(&chat, "Ann", "");
    assert!(told.len() == 2 && told[1].contains(r#""content":"x""#), "{told:?}");
}

#[test]
fn a_private_message_that_is_sent_again_after_a_restart_is_stored_once() {
    let folder = Folder::new("private-again");
    let chat = folder.chat("1");
    let (mut ann, told) = join(&chat, "Ann", "");
    let token = field(&told[0], "session").to_owned();
    drop(join(&chat, "Bob", ""));
    let private = r#"{"type":"private","to":"Bob","content":"psst","nonce":1}"#;
    let acknowledged = send(&mut ann, private);
    drop((ann, chat));

    let chat = folder.chat("1");
    let (mut ann, _) = join(&chat, "Ann", &format!(r#","session":{token}"#));
    let again = send(&mut ann, private);
    assert_eq!(field(&again[0], "id"), field(&acknowledged[0], "id"));
    assert_eq!(field(&again[0], "duplicate"), "true");
    assert_eq!(folder.select("SELECT count(*) FROM privates"), 1);
}

#[test]
fn what_stands_before_a_gap_is_not_recalled() {
    let folder = Folder::new("gap");
    let chat = folder.chat("1");
    let (mut ann, _) = join(&chat, "Ann", "");
    for content in ["one", "two", "three"] {
        say(&mut ann, content);
    }
    drop((ann, chat));
    let database = Connection::open(folder.0.join("chat.db")).unwrap();
    database.execute("DELETE FROM messages WHERE seq = 2", []).unwrap();
    drop(database);
    let (mut ann, told) = join(&folder.chat("1"), "Ann", "");
    assert_eq!(field(&told[0], "seq"), "3");
    let page = history(&mut ann);
    assert!(page.contains("three") && !page.contains("one"), "{page}");
}

#[test]
fn a_torn_end_of_the_log_is_cut_off() {
    let folder = Folder::new("torn");
    let chat = folder.chat("1");
    let (mut ann, _) = join(&chat, "Ann", "");
    for n in 0..3 {
        say(&mut ann, &format!("message {n}"));
    }
    std::mem::forget(ann);
    // What a kill in the middle of a write leaves behind.
    let wal = std::fs::read(folder.0.join("chat.db-wal")).unwrap();
    let database = std::fs::read(folder.0.join("chat.db")).unwrap();
    std::mem::forget(chat);
    for cut in (1..wal.len()).step_by(997) {
        let torn = Folder::new("torn-copy");
        std::fs::create_dir_all(&torn.0).unwrap();
        std::fs::write(torn.0.join("chat.db"), &database).unwrap();
        let mut end = wal[..cut].to_vec();
        end.extend_from_slice(&[0xa5; 100]);
        std::fs::write(torn.0.join("chat.db-wal"), end).unwrap();
        let chat = torn.chat("1");
        let (mut ann, told) = join(&chat, "Ann", "");
        let head: u64 = field(&told[0], "seq").parse().unwrap();
        assert!(head <= 3);
        assert_eq!(field(&say(&mut ann, "on")[0], "seq"), (head + 1).to_string());
    }
}

#[test]
fn two_programs_cannot_use_the_same_logs() {
    let folder = Folder::new("twice");
    let _chat = folder.chat("1");
    assert!(matches!(Disk::open(&folder.0, 100), Err(DiskError::InUse)));
}

#[test]
fn what_cannot_be_used_is_said_in_words() {
    let folder = Folder::new("words");
    std::fs::create_dir_all(&folder.0).unwrap();
    let database = folder.0.join("chat.db");
    std::fs::write(&database, "this is no database, but long enough to be looked at").unwrap();
    let error = Disk::open(&folder.0, 100).unwrap_err();
    assert!(error.to_string().contains("chat.db does not work"), "{error}");
    std::fs::remove_file(&database).unwrap();
    drop(folder.chat("1"));
    Connection::open(&database).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Disk::open(&folder.0, 100).unwrap_err();
    assert!(error.to_string().starts_with("a newer wirechat wrote it"), "{error}");
    let file = folder.0.join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(Disk::open(&file, 100), Err(DiskError::Io(_))));
}

#[test]
fn an_engine_whose_database_fails_stores_nothing_and_shows_nothing() {
    let folder = Folder::new("fails");
    let chat = folder.chat("1");
    let (mut ann, _) = join(&chat, "Ann", "");
    let database = Connection::open(folder.0.join("chat.db")).unwrap();
    database.execute_batch("ALTER TABLE messages RENAME TO gone").unwrap();
    let told = say(&mut ann, "lost");
    assert_eq!(field(&told[0], "code"), r#""unavailable""#);
    assert!(history(&mut ann).contains(r#""messages":[]"#));
    database.execute_batch("ALTER TABLE gone RENAME TO messages").unwrap();
    assert_eq!(field(&say(&mut ann, "stored")[0], "seq"), "1");
}
